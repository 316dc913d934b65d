"""A file that a PBX appends to, followed through rotation and truncation.

Every byte is read once, also across a kill: beside the segments lies `tail.json`, which says
from which segment on the log holds which file (by inode) from its first byte. How far the file
was read is therefore the length of the log since then, and needs no note of its own. Each file
begins a new segment, so half a line at the end of an old file never meets the next one's first.

A rotated file is read to its end before the next: by the handle that is still open, or, after
a pause, found again beside the new one by its inode or (copytruncate) by what was read last.
"""

import asyncio
import glob
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tollbook.app.intake.source_options import Following
from tollbook.collectors.inlet import Condition, Inlet
from tollbook.collectors.raw_log import LogEnd, read_log, segments

POLL_S = 0.1
CHUNK_BYTES = 256 * 1024
REMEMBERED_BYTES = 256
LEAST_TO_RECOGNISE = 32
# A writer may go on in the renamed file until it opens the new one.
LINGER_POLLS = 10
ROTATED = re.compile(r"[._-]\d[\d._-]*|\.old")

log = logging.getLogger(__name__)

_Identity = tuple[int, int]  # device and inode: what a file keeps when it is renamed


@dataclass(frozen=True, slots=True)
class _Mapping:
    """From segment `sequence` on the log holds the file `device`:`inode` from its start."""

    device: int
    inode: int
    sequence: int


@dataclass(slots=True)
class _OpenFile:
    """The file being read."""

    handle: int
    identity: _Identity


class Tail:
    """The reader of one file."""

    def __init__(self, options: Following, inlet: Inlet) -> None:
        self._path = options.path
        self._inlet = inlet
        self._folder = inlet.log.folder
        self._mapping = _load(self._folder / "tail.json")
        self._file: _OpenFile | None = None
        self._offset, self._last = self._read_so_far()
        self._idle_polls = 0

    async def run(self) -> None:
        """Follow the file until cancelled."""
        try:
            while True:
                try:
                    moved = await self._step()
                except OSError as fault:
                    self._report_fault(fault)
                    moved = False
                if not moved:
                    await asyncio.sleep(POLL_S)
        finally:
            self._close()

    async def _step(self) -> bool:
        """Read a chunk, or turn to the next file; False when there is nothing to do now."""
        if self._file is None:
            return await self._find()
        data = await asyncio.to_thread(self._next_bytes)
        if data is None:  # Truncated: what was not read yet may be in a copy.
            self._close()
            return True
        if data:
            self._idle_polls = 0
            await self._inlet.store(data, peer=self)
            self._offset += len(data)
            self._last = (self._last + data)[-REMEMBERED_BYTES:]
            self._inlet.say(Condition.RUNNING, f"Reading {self._path}.")
            return True
        return await self._turn_page()

    async def _find(self) -> bool:
        """Open the file where reading stopped, else begin with the one at the path."""
        if self._mapping is not None:
            found = await asyncio.to_thread(self._where_reading_stopped, self._mapping)
            if found is None:  # A rotation during the listing hides the file: look again.
                await asyncio.sleep(POLL_S)
                found = await asyncio.to_thread(self._where_reading_stopped, self._mapping)
            if found is not None:
                self._file = found
                return True
            if not self._path.exists():
                self._report_missing()
                return False
            log.warning("%s was cut or replaced and its old content is gone", self._path)
            last_ns = (self._inlet.status.last_record_us or 0) * 1_000
            return await self._begin_next(after_ns=last_ns)
        if not self._path.exists():
            self._report_missing()
            return False
        await self._begin(_open(self._path))
        return True

    def _where_reading_stopped(self, mapping: _Mapping) -> _OpenFile | None:
        """Return the file that goes on where the log ends: itself, renamed, or a copy of it."""
        same = (mapping.device, mapping.inode)
        candidates = sorted(self._family(), key=lambda found: found[1] != same)
        for path, identity in candidates:
            if identity != same and len(self._last) < LEAST_TO_RECOGNISE:
                continue  # Too little was read of it to recognise a copy.
            file = _open(path)
            if self._goes_on(file.handle):
                return file
            os.close(file.handle)
        return None

    def _goes_on(self, handle: int) -> bool:
        """Say whether the bytes read last stand before the offset in this file, too."""
        if os.fstat(handle).st_size < self._offset:
            return False
        return os.pread(handle, len(self._last), self._offset - len(self._last)) == self._last

    def _next_bytes(self) -> bytes | None:
        """Return what follows; empty at the end; None if the file is no longer the same."""
        handle = self._opened.handle
        if not self._goes_on(handle):
            return None
        return os.pread(handle, CHUNK_BYTES, self._offset)

    async def _turn_page(self) -> bool:
        """At the end of the open file: go on to the next one if there is one."""
        try:
            now_there = self._path.stat()
        except FileNotFoundError:
            self._report_missing()
            return False
        file = self._opened
        if (now_there.st_dev, now_there.st_ino) == file.identity:
            self._inlet.say(Condition.RUNNING, f"Reading {self._path}.")
            return False
        after_ns = os.fstat(file.handle).st_mtime_ns
        path, _ = self._next_file(after_ns)
        self._idle_polls += 1
        if path == self._path and self._idle_polls < LINGER_POLLS:
            return False
        if os.fstat(file.handle).st_size > self._offset:
            return True  # More came between the last look and the rotation.
        self._close()
        return await self._begin_next(after_ns=after_ns)

    def _next_file(self, after_ns: int) -> tuple[Path, _Identity]:
        """Return the oldest file written after *after_ns*: a rotated one, else the path's own."""
        mapping = self._mapping
        known = (mapping.device, mapping.inode) if mapping else None
        rotated = []
        for path, identity in self._family():
            written_ns = path.stat().st_mtime_ns
            if path != self._path and identity != known and written_ns > after_ns:
                rotated.append((written_ns, path, identity))
        if rotated:
            _, path, identity = min(rotated)
            return path, identity
        found = self._path.stat()
        return self._path, (found.st_dev, found.st_ino)

    async def _begin_next(self, *, after_ns: int) -> bool:
        """Begin with the next file; False if a rotation came in between: then look again."""
        path, identity = self._next_file(after_ns)
        file = _open(path)
        if file.identity == identity == self._next_file(after_ns)[1]:
            await self._begin(file)
            return True
        os.close(file.handle)
        return False

    async def _begin(self, file: _OpenFile) -> None:
        """Read *file* from its first byte on, into a segment of its own."""
        try:
            end: LogEnd = await self._inlet.new_segment()
            self._mapping = _Mapping(*file.identity, end.sequence)
            _save(self._folder / "tail.json", self._mapping)
        except BaseException:
            os.close(file.handle)
            raise
        self._file, self._offset, self._last, self._idle_polls = file, 0, b"", 0

    def _family(self) -> Iterator[tuple[Path, _Identity]]:
        """Yield the file and its rotated siblings (`Master.csv.1`, `Master.csv-20260131`)."""
        for path in sorted(self._path.parent.glob(f"{glob.escape(self._path.name)}*")):
            rest = path.name.removeprefix(self._path.name)
            if (rest and not ROTATED.fullmatch(rest)) or not path.is_file():
                continue
            found = path.stat()
            yield path, (found.st_dev, found.st_ino)

    def _read_so_far(self) -> tuple[int, bytes]:
        """Return how many bytes of the mapped file the log holds, and the last few of them."""
        if self._mapping is None:
            return 0, b""
        since = [one for one in segments(self._folder) if one.sequence >= self._mapping.sequence]
        filled = [one for one in since if one.size]
        if not filled:
            return 0, b""
        newest = filled[-1]
        start = LogEnd(newest.sequence, max(0, newest.size - REMEMBERED_BYTES))
        last = read_log(self._folder, start, end=self._inlet.log.end, at_most=REMEMBERED_BYTES)
        return sum(one.size for one in since), last

    @property
    def _opened(self) -> _OpenFile:
        if self._file is None:
            raise RuntimeError(f"{self._path}: no file is open")
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file.handle)
            self._file = None

    def _report_missing(self) -> None:
        self._inlet.say(
            Condition.WAITING,
            f"{self._path} is not there yet.",
            "Nothing is to be done if the PBX makes it with its first call; else check the path.",
        )

    def _report_fault(self, fault: OSError) -> None:
        if isinstance(fault, FileNotFoundError):
            self._report_missing()
            return
        self._inlet.say(
            Condition.FAILED,
            f"{self._path} cannot be read: {fault.strerror}.",
            "Let this user read the file and its folder; it is tried again by itself.",
        )


def _open(path: Path) -> _OpenFile:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    found = os.fstat(handle)
    return _OpenFile(handle, (found.st_dev, found.st_ino))


def _load(path: Path) -> _Mapping | None:
    try:
        return _Mapping(**json.loads(path.read_text("ascii")))
    except FileNotFoundError:
        return None


def _save(path: Path, mapping: _Mapping) -> None:
    """Write the mapping so that after any crash the old one or the new one is there, whole."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="ascii") as file:
        json.dump(asdict(mapping), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
