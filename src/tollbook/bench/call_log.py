"""The call log's pages over a million calls, as a browser asks for them."""
