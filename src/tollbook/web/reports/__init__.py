"""Screens of the call log, one call, Home, statistics and unbilled calls."""
