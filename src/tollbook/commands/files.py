"""Files named on the command line that cannot be used: the finding, and what to do about it."""

import errno
import os
import sys

from tollbook.commands.words import DONE, INCOMPLETE, tell

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def output_lost(verb: str, fault: OSError) -> int:
    """Return the exit status of *verb*, whose standard output takes nothing any more.

    A reader that has gone needs no word; a full disk does. Raises any other fault again.
    """
    if not isinstance(fault, BrokenPipeError):
        if fault.errno not in _FULL or fault.filename is not None:
            raise fault
        tell(verb, cannot_write(None, fault))
    # Python would try to write what is left once more when it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE if isinstance(fault, BrokenPipeError) else INCOMPLETE


def cannot_read(name: str, fault: OSError) -> str:
    """Return why the file *name* cannot be read."""
    match fault:
        case FileNotFoundError():
            return f"{name}: there is no such file. Nothing was read. Check the path."
        case IsADirectoryError():
            return f"{name}: is a folder, expected a file. Nothing was read. Name the file itself."
        case PermissionError():
            return (
                f"{name}: this user may not read it. Nothing was read. Give the user the right, "
                "or run this as the file's owner."
            )
        case _:
            return f"{name}: cannot be read: {fault.strerror or fault}. Nothing was read."


def cannot_write(name: str | None, fault: OSError) -> str:
    """Return why the output, the file *name* or else standard output, cannot be written."""
    place = name or "standard output"
    match fault:
        case FileNotFoundError():
            return (
                f"{place}: the folder is not there. Nothing was written. Make it, or name another."
            )
        case IsADirectoryError():
            return f"{place}: is a folder, expected a file to write. Nothing was written."
        case PermissionError():
            return (
                f"{place}: this user may not write here. Nothing was written. Name another place."
            )
        case _:
            return (
                f"{place}: cannot be written: {fault.strerror or fault}. What is there is not "
                "whole; run this again once there is room."
            )
