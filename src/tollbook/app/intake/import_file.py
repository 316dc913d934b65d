"""File import: a file's bytes into the raw log, then its records to calls and charges.

The file is copied, and the copy on disk, before anything is parsed. The same file again is
answered from its hash; an import that was killed is simply repeated, for what it stored is
recognised by its place in the raw log, and a file that has grown adds only what is new.
"""

import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.db.models import Max

from tollbook.app.directory.pbxs import PbxInfo
from tollbook.app.intake.hash_ahead import HashAhead
from tollbook.app.intake.result import Imported, ImportProgress, IngestResult, SourceRef
from tollbook.core.instants import from_us, to_us
from tollbook.formats import Definition
from tollbook.formats.zones import find_zone
from tollbook.storage.db.installation import door
from tollbook.storage.models import ImportFile, RawSegment, Source

CHUNK_BYTES = 1 << 20


class ImportRefused(Exception):
    """The file cannot be taken in; nothing was stored. The message names the next step."""


@dataclass(frozen=True, slots=True)
class ImportPlace:
    """Where an installation keeps imported bytes, and how much disk it leaves free."""

    data_dir: Path
    raw_dir: Path
    reserve_bytes: int = 0
    workers: int = 1


@dataclass(frozen=True, slots=True)
class _Copy:
    """Bytes in the raw folder that no row points at yet."""

    path: Path
    size: int
    sha256: str


def import_file(
    file: BinaryIO,
    *,
    name: str,
    pbx: PbxInfo,
    definition: Definition,
    place: ImportPlace,
    at: datetime,
    zone: str | None = None,
    progress: ImportProgress | None = None,
    ahead: HashAhead | None = None,
) -> Imported:
    """Import the records in *file* as those of *pbx* and return what they came to.

    *zone* is that of stamps that name none; without one the definition's, else the site's.
    *ahead* has begun to hash the same file.
    Raises ImportRefused, and ZoneError of `tollbook.formats`.
    """
    chosen = zone or definition.zone or pbx.zone
    find_zone(chosen)  # Before anything is stored.
    job = _FileImport(pbx, definition, chosen, name, at)
    size = _size(file)
    if size is not None and job.is_known_size(size):
        known = job.answer(_hash(file) if ahead is None else ahead.result())
        if known is not None:
            return known
        file.seek(0)
    source = job.source()
    copy = _copy(file, place.raw_dir / str(source.source_id), reserve_bytes=place.reserve_bytes)
    known = job.answer(copy.sha256)
    if known is not None:
        copy.path.unlink()
        return known
    segment_id, path = job.keep(copy, source.source_id, place.data_dir)
    return job.store(source, segment_id, path, copy, place.workers, progress)


class _FileImport:
    """One import on its way."""

    def __init__(
        self, pbx: PbxInfo, definition: Definition, zone: str, name: str, at: datetime
    ) -> None:
        self._pbx = pbx
        self._definition = definition
        self._zone = zone
        self._name = name
        self._at = at
        self._key = {
            "pbx_id": pbx.pbx_id,
            "format": definition.name[:64],
            "format_version": _version_of(definition),
            "zone": zone,
        }

    def is_known_size(self, size: int) -> bool:
        """Say whether a file of this size was imported, so that its hash is worth the reading."""
        return ImportFile.objects.filter(**self._key, size=size).exists()

    def answer(self, sha256: str) -> Imported | None:
        """Return what is known of a file that was imported to its end before."""
        row = ImportFile.objects.filter(**self._key, sha256=sha256).first()
        if row is None:
            return None
        known = IngestResult(
            records=row.records,
            parts=row.parts,
            skips=row.skips,
            rejects=row.rejects,
            duplicates=row.calls + row.duplicates,
        )
        return Imported(known, known_since=from_us(row.imported_us))

    def source(self) -> SourceRef:
        """Return the PBX's source of imported files of this format, made when first needed."""
        with door().transaction():
            row, _ = Source.objects.get_or_create(
                pbx_id=self._pbx.pbx_id,
                name=f"Import {self._definition.name}"[:120],
                defaults={
                    "transport": "import",
                    "format": self._definition.name[:64],
                    "wanted": "stopped",
                    "created_us": to_us(self._at),
                },
            )
        return SourceRef(row.pk, self._pbx.pbx_id, self._pbx.site_id, self._pbx.zone)

    def keep(self, copy: _Copy, source_id: int, data_dir: Path) -> tuple[int, Path]:
        """Give the copy its place in the raw log and return the segment's id and path.

        An import that was broken off has left the same bytes there: then those are used. One
        that came to its end with another version of the format or in another zone has had its
        own: its records are read, and what they make of it now is new.
        """
        segments = RawSegment.objects.filter(source=source_id)
        with door().transaction():
            ended = ImportFile.objects.filter(source=source_id, sha256=copy.sha256).count()
            same = segments.filter(sha256=copy.sha256, size=copy.size).order_by("sequence")
            row = same[ended : ended + 1].first()
            if row is not None:
                copy.path.unlink()
                return row.pk, data_dir / row.path
            sequence = (segments.aggregate(last=Max("sequence"))["last"] or 0) + 1
            path = copy.path.with_name(f"{sequence:010d}.seg")
            copy.path.replace(path)
            _sync_folder(path.parent)
            now_us = to_us(self._at)
            row = RawSegment.objects.create(
                source_id=source_id,
                path=str(path.relative_to(data_dir)),
                sequence=sequence,
                first_received_us=now_us,
                size=copy.size,
                sealed_us=now_us,
                sha256=copy.sha256,
            )
        return row.pk, path

    def store(
        self,
        source: SourceRef,
        segment_id: int,
        path: Path,
        copy: _Copy,
        workers: int,
        progress: ImportProgress | None,
    ) -> Imported:
        """Parse, mediate, price and store the segment, then note that the file is done."""
        # The same file again needs none of it, and should be answered at once.
        from tollbook.app.intake.import_segment import file_segment

        filed = file_segment(
            source,
            segment_id,
            path,
            size=copy.size,
            definition=self._definition,
            zone=self._zone,
            name=self._name,
            at=self._at,
            workers=workers,
            progress=progress,
        )
        with door().transaction():
            ImportFile.objects.get_or_create(
                **self._key,
                sha256=copy.sha256,
                defaults={
                    "source_id": source.source_id,
                    "name": self._name,
                    "size": copy.size,
                    "imported_us": to_us(self._at),
                    **asdict(filed.result),
                },
            )
        return filed


def _version_of(definition: Definition) -> str:
    """Return the version; a definition of one's own is known by its text, too."""
    text = hashlib.sha256(definition.toml_text.encode()).hexdigest()
    return f"{definition.version}-{text[:12]}"


def _size(file: BinaryIO) -> int | None:
    """Return the size of a file that can be read twice, None for a stream."""
    if not file.seekable():
        return None
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def _hash(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while data := file.read(CHUNK_BYTES):
        digest.update(data)
    return digest.hexdigest()


def _copy(file: BinaryIO, folder: Path, *, reserve_bytes: int) -> _Copy:
    """Copy *file* into *folder* and return once it is on disk. Raises ImportRefused."""
    path = folder / f"incoming-{os.getpid()}.part"
    digest = hashlib.sha256()
    size = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            while data := file.read(CHUNK_BYTES):
                _require_space(folder, len(data), reserve_bytes)
                out.write(data)
                digest.update(data)
                size += len(data)
            out.flush()
            os.fsync(out.fileno())
    except OSError as fault:
        _drop(path)
        raise ImportRefused(
            f"{folder}: the file cannot be copied here ({fault.strerror}). Nothing was imported. "
            "Check the disk, then import again."
        ) from fault
    except BaseException:
        _drop(path)
        raise
    return _Copy(path, size, digest.hexdigest())


def _require_space(folder: Path, wanted_bytes: int, reserve_bytes: int) -> None:
    if reserve_bytes and shutil.disk_usage(folder).free - wanted_bytes < reserve_bytes:
        raise ImportRefused(
            f"{folder}: less than {reserve_bytes // 1_000_000} MB of the disk would stay free. "
            "Nothing was imported. Free disk space, then import again."
        )


def _drop(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
