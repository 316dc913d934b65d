"""Bulk writes of calls, and how sources stand."""
