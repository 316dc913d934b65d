"""The sample office's data folder: what it was made from, and whether it is finished.

`demo.json` remembers seed, number of calls and the instant up to which they go, so that making the
office can be broken off and taken up again, and a second start makes nothing anew.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from tollbook.demo.office import CURRENCY, SITE, ZONE

FILE = "demo.json"
SETTINGS = f"""\
# The sample office. All settings: docs/manual/settings.md
site_name = "{SITE}"
site_zone = "{ZONE}"
currency = "{CURRENCY}"
"""


class DemoError(Exception):
    """The sample office cannot be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class DemoManifest:
    """What a sample office is made from: *until* is ISO 8601, *port* is where its 3CX sends."""

    seed: int
    calls: int
    until: str
    port: int
    finished: bool = False

    @property
    def ends(self) -> datetime:
        """The instant up to which there are past calls."""
        return datetime.fromisoformat(self.until)

    def master_csv(self, folder: Path) -> Path:
        """Return the file to which the office's Asterisk adds a line for each call."""
        return folder / "pbx" / "Master.csv"


def planned(folder: Path, wanted: DemoManifest) -> DemoManifest:
    """Return the plan of *folder*: the one it has, else *wanted*, which is written down.

    Raises DemoError where the folder is another installation's.
    """
    if (folder / FILE).exists():
        return read_plan(folder)
    if (folder / "tollbook.sqlite3").exists() or (folder / "tollbook.toml").exists():
        raise DemoError(
            f"{folder}: this is an installation, and no sample office. Nothing was changed. "
            "Name another folder with --data, or start this one with `tollbook serve`."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tollbook.toml").write_text(SETTINGS, encoding="utf-8")
    _write(folder, wanted)
    return wanted


def read_plan(folder: Path) -> DemoManifest:
    """Return the plan of the sample office in *folder*; raises DemoError."""
    file = folder / FILE
    try:
        return DemoManifest(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as fault:
        raise DemoError(
            f"{file}: cannot be read ({fault}). The sample office was left as it is. "
            "Delete its folder to begin anew."
        ) from fault


def finish(folder: Path, plan: DemoManifest) -> None:
    """Remember that the office is complete."""
    _write(folder, replace(plan, finished=True))


def _write(folder: Path, plan: DemoManifest) -> None:
    """Write the plan whole or not at all."""
    draft = folder / f"{FILE}.new"
    draft.write_text(json.dumps(asdict(plan), indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / FILE)
