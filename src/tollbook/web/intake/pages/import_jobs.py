"""Files that were uploaded, on their way through the import, one after another.

The work is done in a thread of the web process, and what is known of it lies in a small file
beside the upload: whichever process answers the next page can tell how far it is. A file that
nobody has written to for a while belongs to a process that ended; the import can be repeated,
for nothing is stored twice.
"""

import json
import secrets
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import BinaryIO

from django.db import connections

from tollbook.app.directory.pbxs import PbxInfo
from tollbook.app.intake.import_file import ImportPlace, ImportRefused, import_file
from tollbook.formats import Definition, ZoneError
from tollbook.storage.db.current import carried
from tollbook.storage.db.installation import current
from tollbook.web.frame.request import instant
from tollbook.web.frame.uploads import forget_old

ID_BYTES = 12
STALE_AFTER = timedelta(seconds=60)
SAID_EVERY = timedelta(milliseconds=500)
WAITING_SAID_EVERY_S = 5
RUNNING, DONE, FAILED = "running", "done", "failed"

_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One upload and how far its import is. `counts` are those of the import, once done."""

    id: str
    name: str
    pbx: str
    format: str
    state: str
    said_at: str
    done_bytes: int = 0
    total_bytes: int = 0
    fault: str = ""
    source_id: int | None = None
    known_since: str = ""
    unrated: int = 0
    counts: dict[str, int] = field(default_factory=dict)


def begin_import(
    upload: BinaryIO, *, name: str, pbx: PbxInfo, definition: Definition, zone: str | None
) -> ImportJob:
    """Put *upload* aside, let it be imported behind what waits already, and return its job.

    Raises OSError if it cannot be put aside.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    forget_old(folder)
    job_id = secrets.token_urlsafe(ID_BYTES)
    path = folder / f"{job_id}.upload"
    with path.open("wb") as out:
        shutil.copyfileobj(upload, out, 1 << 20)
    job = ImportJob(
        id=job_id,
        name=name[:200],
        pbx=pbx.name,
        format=definition.name,
        state=RUNNING,
        said_at=instant().isoformat(),
        total_bytes=path.stat().st_size,
    )
    _say(job)
    # A daemon: a stop of the program need not wait, for the import can be repeated.
    Thread(target=carried(_run), args=(job, path, pbx, definition, zone), daemon=True).start()
    return job


def find_job(job_id: str) -> ImportJob | None:
    """Return what is known of an import; None if there is none, or it is long ago."""
    known = _folder().glob("*.json")
    path = next((file for file in known if file.stem == job_id), None)
    if path is None:
        return None
    job = ImportJob(**json.loads(path.read_text("utf-8")))
    silent = instant() - datetime.fromisoformat(job.said_at)
    if job.state == RUNNING and silent > STALE_AFTER:
        return replace(
            job,
            state=FAILED,
            fault="The import was broken off when the program stopped. Import the file again: "
            "what is stored already is recognised, and nothing is stored twice.",
        )
    return job


def _run(
    job: ImportJob, path: Path, pbx: PbxInfo, definition: Definition, zone: str | None
) -> None:
    """Import one upload and write down what came of it, whatever that is."""
    progress = _ProgressWriter(job)
    installed = current().settings
    # No process of its own: a server's worker may not have children.
    place = ImportPlace(
        data_dir=installed.data_dir,
        raw_dir=installed.raw_dir,
        reserve_bytes=installed.disk_reserve_mb * 1_000_000,
        workers=0,
    )
    while not _one_at_a_time.acquire(timeout=WAITING_SAID_EVERY_S):
        _say(job)
    try:
        with path.open("rb") as file:
            done = import_file(
                file,
                name=job.name,
                pbx=pbx,
                definition=definition,
                place=place,
                at=instant(),
                zone=zone,
                progress=progress.tell,
            )
        known = done.known_since.isoformat() if done.known_since else ""
        counts = asdict(done.result)
        _say(replace(job, state=DONE, unrated=done.unrated, known_since=known, counts=counts))
    except (ImportRefused, ZoneError) as refusal:
        _say(replace(job, state=FAILED, fault=str(refusal)))
    except BaseException:
        _say(
            replace(
                job,
                state=FAILED,
                fault="The import broke off; the log says why. What is stored already is "
                "recognised when the file is imported again.",
            )
        )
        raise
    finally:
        with suppress(OSError):
            path.unlink()
        connections.close_all()
        _one_at_a_time.release()


class _ProgressWriter:
    """Tells how far an import is, a few times a second."""

    def __init__(self, job: ImportJob) -> None:
        self._job = job
        self._said = instant()

    def tell(self, done_bytes: int, total_bytes: int) -> None:
        now = instant()
        if now - self._said >= SAID_EVERY:
            self._said = now
            _say(replace(self._job, done_bytes=done_bytes, total_bytes=total_bytes))


def _say(job: ImportJob) -> None:
    """Write the job down in one step, so that a reader never sees half of it."""
    path = _folder() / f"{job.id}.json"
    draft = path.with_suffix(".draft")
    said = replace(job, said_at=instant().isoformat())
    draft.write_text(json.dumps(asdict(said), ensure_ascii=False), "utf-8")
    draft.replace(path)


def _folder() -> Path:
    folder: Path = current().settings.data_dir / "uploads"
    return folder
