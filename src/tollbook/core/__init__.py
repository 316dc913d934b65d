"""What Tollbook decides: pure functions over frozen values; no input, no output, no clock."""
