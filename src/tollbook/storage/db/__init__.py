"""The database itself: the write door, both engines, migrations, triggers."""
