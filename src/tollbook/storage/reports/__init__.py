"""Calls as pages, totals and exports read them; the columnar copy: written, compared, asked."""
