"""The definitions that come with the program, by name; and a user's own, by path."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from tollbook.formats.definition import Definition
from tollbook.formats.errors import DefinitionError, FormatNotBuiltError, UnknownFormatError
from tollbook.formats.reading import read_definition

_FOLDER = "definitions"

# Names that documents may already use; those without a definition are refused by name.
NAMES = (
    "3cx",
    "asterisk-csv",
    "asterisk-cel",
    "asterisk-ami",
    "avaya-ipoffice",
    "avaya-cm-printer",
    "freeswitch-csv",
    "freeswitch-json",
    "freeswitch-xml",
    "cucm-cdr",
    "cucm-cmr",
    "cisco-voipaaa",
    "meridian",
    "bcm",
    "norstar",
    "mitel-3300",
    "mitel-sx",
    "panasonic-td",
    "panasonic-ns",
    "nec-sl",
    "nec-sv9500",
    "hipath",
    "openscape-office",
    "alcatel-oxo",
    "alcatel-oxe",
    "ipecs",
    "samsung",
    "toshiba-ctx",
    "shoretel",
    "comdial",
    "vodavi",
    "grandstream-csv",
    "grandstream-json",
    "yeastar-s",
    "yeastar-p",
    "audiocodes",
    "kamailio-acc",
    "opensips-flatstore",
    "teams",
    "zoom-phone",
    "broadworks-xml",
    "broadworks-csv",
    "ribbon",
    "radius",
    "hobic",
)


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """One packaged format: its name, what it reads, and in how many layouts."""

    name: str
    title: str
    version: int
    layouts: tuple[str, ...]


def list_formats() -> list[FormatInfo]:
    """Return the packaged formats, by name."""
    found = [load_definition(name) for name in packaged_names()]
    return [
        FormatInfo(each.name, each.title, each.version, tuple(one.name for one in each.layouts))
        for each in found
    ]


def packaged_names() -> list[str]:
    """Return the names that have a packaged definition, sorted."""
    folder = resources.files(__package__).joinpath(_FOLDER)
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_definition(name_or_path: str) -> Definition:
    """Return the packaged definition of a name, or the one in a file DEF.toml.

    Raises DefinitionError with every fault of a file, FormatNotBuiltError for a name that has
    no definition yet and UnknownFormatError for one that nobody knows.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return _from_file(Path(name_or_path))
    return _packaged(name_or_path)


@lru_cache(maxsize=128)
def _packaged(name: str) -> Definition:
    if name in packaged_names():
        entry = resources.files(__package__).joinpath(_FOLDER, f"{name}.toml")
        return read_definition(entry.read_text("utf-8"), name)
    known = ", ".join(packaged_names())
    if name in NAMES:
        raise FormatNotBuiltError(
            f"The format {name} has no definition yet. Nothing was read. "
            f"Built so far: {known}. Or write your own and name its file DEF.toml."
        )
    raise UnknownFormatError(
        f'There is no format "{name}". Nothing was read. '
        f"Known: {known}; `tollbook formats` tells more. A file of your own must end in .toml."
    )


def _from_file(path: Path) -> Definition:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise DefinitionError(str(path), [f"cannot be read: {fault}"]) from None
    return read_definition(text, path.stem)
