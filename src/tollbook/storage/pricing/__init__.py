"""Exchange rates, and the counters and charges of plans."""
