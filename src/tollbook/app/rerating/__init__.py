"""Stored calls priced again: re-rating, late calls, and what other tariffs would have cost."""
