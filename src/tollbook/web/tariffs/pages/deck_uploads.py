"""Decks that were uploaded and wait for their columns to be chosen: put aside for some days."""

import json
import secrets
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from tollbook.storage.db.installation import current
from tollbook.web.frame.uploads import forget_old

ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class DeckUpload:
    """One deck put aside, by whom, and what it is to become.

    *tariff_id* is the tariff that it renews; None: a new one of *name*, *currency* and *zone*.
    """

    id: str
    user_id: int
    file_name: str
    carrier: str
    tariff_id: int | None
    name: str
    currency: str
    zone: str

    @property
    def path(self) -> Path:
        """The file itself."""
        return _folder() / f"{self.id}.deck"


def put_aside(file: BinaryIO, **facts: str | int | None) -> DeckUpload:
    """Keep *file* and the facts of `DeckUpload`. Raises OSError if the disk refuses it."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    forget_old(folder)
    upload = DeckUpload(id=secrets.token_urlsafe(ID_BYTES), **facts)  # type: ignore[arg-type]  # the caller gives them by name
    with upload.path.open("wb") as out:
        shutil.copyfileobj(file, out, 1 << 20)
    _facts_file(upload.id).write_text(json.dumps(asdict(upload), ensure_ascii=False), "utf-8")
    return upload


def find_upload(upload_id: str, *, user_id: int) -> DeckUpload | None:
    """Return the deck that a user put aside; None if there is none, or it is long ago."""
    folder = _folder()
    known = {path.stem for path in folder.glob("*.json")} if folder.is_dir() else set()
    if upload_id not in known:
        return None
    upload = DeckUpload(**json.loads(_facts_file(upload_id).read_text("utf-8")))
    return upload if upload.user_id == user_id and upload.path.exists() else None


def forget(upload: DeckUpload) -> None:
    """Remove a deck that was put aside."""
    for path in (upload.path, _facts_file(upload.id)):
        with suppress(OSError):
            path.unlink()


def _facts_file(upload_id: str) -> Path:
    return _folder() / f"{upload_id}.json"


def _folder() -> Path:
    folder: Path = current().settings.data_dir / "decks"
    return folder
