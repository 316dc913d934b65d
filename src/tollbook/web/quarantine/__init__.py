"""Screens of records that could not become calls."""
