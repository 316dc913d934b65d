"""Calls as pages, totals and exports read them; the columnar copy: written, also when `doctor`
mends it (`refresh`), compared with the tables (`check`), asked (`queries`).
"""
