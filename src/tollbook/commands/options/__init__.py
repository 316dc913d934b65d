"""The options of the verbs: argparse only, for every command line reads them."""
