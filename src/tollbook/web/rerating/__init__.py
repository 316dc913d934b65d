"""Screens of re-rating and of what other tariffs would have cost."""
