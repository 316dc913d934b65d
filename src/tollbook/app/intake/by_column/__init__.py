"""The calls of a block drafted and priced a column at a time: the fast way of large files."""
