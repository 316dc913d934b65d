"""Where captured output goes: one file an answer, workbooks unpacked into their members."""

import re
import zipfile
from collections.abc import Mapping
from fnmatch import fnmatch
from io import BytesIO
from pathlib import Path

from normal import Normaliser

LONGEST_NAME = 120
ZIP_MAGIC = b"PK\x03\x04"


class Keeper:
    """Write answers below a folder, normalised; each name is given once."""

    def __init__(self, folder: Path, normaliser: Normaliser, *, only: str) -> None:
        self.folder = folder
        self.normaliser = normaliser
        self._only = only
        self._names: set[str] = set()

    def wants_any_of(self, area: str) -> bool:
        """Say whether any name in the folder *area* could be asked for."""
        begins, slash, _ = self._only.partition("/")
        return not slash or fnmatch(area, begins)

    def keep(self, name: str, head: str, parts: Mapping[str, bytes]) -> None:
        """Keep one answer: *head* says what was asked, *parts* are what came."""
        if name in self._names:
            raise ValueError(f"{name} was kept before: two answers would share a file")
        self._names.add(name)
        if not fnmatch(name, self._only):
            return
        text = [head.rstrip("\n")]
        for title, content in parts.items():
            if content.startswith(ZIP_MAGIC):
                text.append(f"--- {title}: a workbook, unpacked beside this file")
                self._unpack(name, content)
            else:
                text.append(f"--- {title}\n{_readable(content)}")
        self._write(f"{name}.txt", "\n".join(text) + "\n")

    def _unpack(self, name: str, content: bytes) -> None:
        with zipfile.ZipFile(BytesIO(content)) as book:
            for member in book.namelist():
                self._write(f"{name}.xlsx/{member}", _readable(book.read(member)))

    def _write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.normaliser.normal(text), encoding="utf-8", newline="")


def slug(text: str) -> str:
    """Return *text* as a file's name.

    >>> slug("/calls?period=month&unrated=1")
    'calls_period=month_unrated=1'
    """
    name = re.sub(r"[^A-Za-z0-9=.,+-]+", "_", text).strip("_") or "root"
    return name[:LONGEST_NAME]


def _readable(content: bytes) -> str:
    """Return bytes as text: what is no UTF-8 is shown by its escapes, byte by byte."""
    return content.decode("utf-8", "backslashreplace")
