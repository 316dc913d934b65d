"""The raw log: every byte a source received, on disk before anything else happens to it.

A source's log is a row of append-only segment files `<folder>/<sequence>.seg` that hold plain
bytes, nothing else. Beside each lies `<sequence>.times`, fixed-size pairs (end offset, received
at in µs), so that the instant of receipt survives a second parsing. Only one process writes; any
may read up to `LogEnd`. Decision: docs/decisions/0005-raw-first.md.
"""

import errno
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

SEGMENT_BYTES = 64 * 1024 * 1024
SEGMENT_US = 24 * 3600 * 1_000_000
LINE_ENDS = frozenset(b"\n\r\x00\x03")

_TIME = struct.Struct("<Qq")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class RawLogError(Exception):
    """The log cannot be written now; none of the refused bytes were kept.

    `reason` and `next_step` are sentences for the administrator.
    """

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(f"{reason} {next_step}")
        self.reason = reason
        self.next_step = next_step


@dataclass(frozen=True, slots=True, order=True)
class LogEnd:
    """A place in a source's log: a segment's sequence and a byte offset in it."""

    sequence: int
    offset: int


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """One segment file as it lies on disk."""

    sequence: int
    path: Path
    size: int


class RawLog:
    """The write end of one source's log."""

    def __init__(
        self,
        folder: Path,
        *,
        reserve_bytes: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        """Open the log in *folder* and make what a killed writer left there durable.

        *reserve_bytes* of the disk are left free: the log refuses before the disk is full, so
        that the database beside it can still commit. Raises RawLogError.
        """
        self.folder = folder
        self._reserve_bytes = reserve_bytes
        self._segment_bytes = segment_bytes
        self._free_bytes = free_bytes or _free_bytes
        self._data = self._times = -1
        self._sequence = self._size = 0
        self._begun_us: int | None = None
        self._ends_line = True
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found = segments(folder)
            self._open(found[-1].sequence if found else 1)
        except OSError as fault:
            raise _fault(folder, fault) from fault

    @property
    def end(self) -> LogEnd:
        """Where the log ends; all before it is on disk."""
        return LogEnd(self._sequence, self._size)

    @property
    def ends_line(self) -> bool:
        """Whether the last byte ends a line, so that another peer's bytes may follow."""
        return self._ends_line

    def append(self, data: bytes, *, received_us: int) -> LogEnd:
        """Write *data*, wait until it is on disk, and return the new end of the log.

        Raises RawLogError if the disk does not take all of it; then it keeps none of it.
        """
        if not data:
            return self.end
        self._require_space(len(data))
        try:
            self._drop_refused()
            _write_all(self._data, data)
            os.fdatasync(self._data)
            _write_all(self._times, _TIME.pack(self._size + len(data), received_us))
        except OSError as fault:
            with suppress(OSError):  # If even this fails, the next append begins with it.
                self._drop_refused()
            raise _fault(self.folder, fault) from fault
        if self._begun_us is None:
            self._begun_us = received_us
        self._size += len(data)
        self._ends_line = data[-1] in LINE_ENDS
        return self.end

    def take(self, data: bytes, *, received_us: int, clean: LogEnd | None) -> int:
        """Append as much of *data* as belongs into one segment; return how many bytes that was.

        *clean* is a place up to which the reader is done, with no record open. A segment that is
        due ends there. If the reader lags behind a source that never pauses, or holds a call
        that never gets its end, it ends at a line end a quarter later, and anywhere at one and a
        half times its size. Raises RawLogError.
        """
        overdue = self._is_due(received_us, quarters=5)
        if (clean == self.end and self._is_due(received_us)) or (overdue and self._ends_line):
            self.rotate()
        elif overdue and (cut := _after_last_line_end(data)):
            data = data[:cut]
        elif self._size >= self._segment_bytes * 3 // 2:
            self.rotate()
        self.append(data, received_us=received_us)
        return len(data)

    def _is_due(self, at_us: int, *, quarters: int = 4) -> bool:
        """Say whether the segment has so many quarters of its size or of its day."""
        if self._size == 0 or self._begun_us is None:
            return False
        age_us = at_us - self._begun_us
        return (
            self._size * 4 >= self._segment_bytes * quarters or age_us * 4 >= SEGMENT_US * quarters
        )

    def rotate(self) -> LogEnd:
        """End this segment and begin the next; an empty one is kept. Raises RawLogError."""
        if self._size == 0:
            return self.end
        try:
            os.fsync(self._times)
            self._open(self._sequence + 1)
        except OSError as fault:
            raise _fault(self.folder, fault) from fault
        return self.end

    def close(self) -> None:
        """Close the files; all that was appended is on disk already."""
        for handle in (self._data, self._times):
            if handle >= 0:
                os.close(handle)
        self._data = self._times = -1

    def _open(self, sequence: int) -> None:
        path = segment_path(self.folder, sequence)
        with ExitStack() as undo:
            data = _open_for_append(path)
            undo.callback(os.close, data)
            times = _open_for_append(path.with_suffix(".times"))
            undo.callback(os.close, times)
            # What a killed writer wrote but did not sync is kept: the bytes came from the PBX.
            os.fsync(data)
            _sync_folder(self.folder)
            size = os.fstat(data).st_size
            begun_us = _mend_times(times, size)
            last = os.pread(data, 1, size - 1) if size else b"\n"
            undo.pop_all()
        self.close()
        self._data, self._times, self._sequence, self._size = data, times, sequence, size
        self._begun_us, self._ends_line = begun_us, last[0] in LINE_ENDS

    def _drop_refused(self) -> None:
        """Cut off a piece that was not written whole, so that offsets stay true."""
        if os.fstat(self._data).st_size != self._size:
            os.ftruncate(self._data, self._size)
            _mend_times(self._times, self._size)

    def _require_space(self, wanted_bytes: int) -> None:
        if not self._reserve_bytes:
            return
        try:
            free = self._free_bytes(self.folder)
        except OSError as fault:
            raise _fault(self.folder, fault) from fault
        if free - wanted_bytes < self._reserve_bytes:
            raise RawLogError(
                f"{self.folder}: {free // 1_000_000} MB of the disk are free and "
                f"{self._reserve_bytes // 1_000_000} MB are kept in reserve. Nothing more is "
                "acknowledged.",
                "Free disk space; collecting goes on by itself.",
            )


def segment_path(folder: Path, sequence: int) -> Path:
    """Return where the segment with *sequence* lies."""
    return folder / f"{sequence:010d}.seg"


def segments(folder: Path) -> list[SegmentFile]:
    """Return the segments in *folder*, oldest first."""
    return [
        SegmentFile(int(path.stem), path, path.stat().st_size)
        for path in sorted(folder.glob("*.seg"))
    ]


def received_times(segment: Path) -> Iterator[tuple[int, int]]:
    """Yield (end offset, received at in µs) of *segment*, in order; empty if there are none."""
    try:
        data = segment.with_suffix(".times").read_bytes()
    except FileNotFoundError:
        return
    whole = len(data) - len(data) % _TIME.size
    yield from _TIME.iter_unpack(data[:whole])


def read_log(folder: Path, start: LogEnd, *, end: LogEnd, at_most: int) -> bytes:
    """Return up to *at_most* bytes from *start* on, of its segment only and not beyond *end*."""
    stop = end.offset if end.sequence == start.sequence else None
    length = at_most if stop is None else min(at_most, stop - start.offset)
    if length <= 0:
        return b""
    with segment_path(folder, start.sequence).open("rb") as file:
        file.seek(start.offset)
        return file.read(length)


def _after_last_line_end(data: bytes) -> int:
    """Return how many bytes of *data* end with its last line end; 0 if it has none."""
    return 1 + max(data.rfind(end) for end in LINE_ENDS)


def _open_for_append(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _mend_times(handle: int, size: int) -> int | None:
    """Cut a torn last pair and pairs beyond *size* off; return the first instant, if any."""
    data = os.pread(handle, os.fstat(handle).st_size, 0)
    pairs = list(_TIME.iter_unpack(data[: len(data) - len(data) % _TIME.size]))
    while pairs and pairs[-1][0] > size:
        pairs.pop()
    os.ftruncate(handle, len(pairs) * _TIME.size)
    return pairs[0][1] if pairs else None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _fault(folder: Path, fault: OSError) -> RawLogError:
    if fault.errno in _FULL:
        return RawLogError(
            f"{folder}: the disk is full ({os.strerror(fault.errno or 0)}). Nothing more is "
            "acknowledged.",
            "Free disk space; collecting goes on by itself.",
        )
    return RawLogError(
        f"{folder}: received bytes cannot be written ({fault.strerror}). Nothing more is "
        "acknowledged.",
        "Check the disk and the folder's owner; collecting goes on by itself.",
    )
