"""Stored calls as re-rating reads them, and the generations of charges that it writes."""
