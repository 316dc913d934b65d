"""The columnar copy of the calls: totals over millions of them in a fraction of a second.

One Parquet file a month holds each call with its charge in force; DuckDB reads the files together
with the rows that they do not hold yet. The copy is derived: it can be deleted at any time and is
written again, and an answer from it equals the database's to the last digit
(docs/decisions/0009-rows-and-columns.md).
"""
