"""Rejected records and refused duplicates as rows."""
