"""Looks at the write lock from outside."""

import fcntl
import os

from support.databases import Database


def is_free(database: Database) -> bool:
    """Whether nobody holds the lock of the data folder."""
    handle = os.open(database.data_dir / "write.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
