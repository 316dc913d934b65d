"""Questions to the database, answered by plain frozen values.

Every function takes the alias of the database last and reads in autocommit: a snapshot lasts one
statement, so no reader keeps SQLite's write-ahead log from being reused.
"""
