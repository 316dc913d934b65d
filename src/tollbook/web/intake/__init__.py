"""Screens of sources and of importing a file."""
