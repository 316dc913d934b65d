"""What was called and what it cost: call log, statistics, margin, unbilled calls, as tables."""
