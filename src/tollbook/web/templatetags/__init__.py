"""Filters and tags that templates print values with."""
