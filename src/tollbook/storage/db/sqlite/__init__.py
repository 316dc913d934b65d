"""Django's SQLite backend with our pragmas and the data folder's write lock."""
