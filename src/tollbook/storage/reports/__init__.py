"""Calls as pages, totals and exports read them, from the tables or the columnar copy."""
