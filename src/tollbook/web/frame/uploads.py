"""Files that people sent: put aside in the data folder, and forgotten some days later."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from tollbook.web.frame.request import instant

KEPT = timedelta(days=2)


def forget_old(folder: Path) -> None:
    """Remove what came days ago; what is left of it belongs to processes that ended."""
    oldest = (instant() - KEPT).timestamp()
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
