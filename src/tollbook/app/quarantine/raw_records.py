"""The raw records behind a call: their bytes, read back from the raw log."""

from pathlib import Path

from tollbook.storage.reports.call_detail import RawPlace

LONGEST_SHOWN_BYTES = 16 * 1024


def read_record(place: RawPlace, *, data_dir: Path) -> bytes | None:
    """Return a record's bytes, the first 16 KiB at most; None if its segment is not there."""
    try:
        with (data_dir / place.path).open("rb") as file:
            file.seek(place.offset)
            return file.read(min(place.length, LONGEST_SHOWN_BYTES))
    except OSError:
        return None  # Restored without its raw log: the page says so.
