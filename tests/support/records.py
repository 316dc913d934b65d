"""Short words for the tests of formats: read a text, look at what comes out."""

from datetime import datetime
from typing import Any

from tollbook.core.calls import Cdr, Outcome, Part, RejectedRecord, Skip
from tollbook.formats import Parser, load_definition, outcome_to_plain, read_definition


def outcomes(
    name: str,
    data: str | bytes,
    *,
    zone: str | None = "UTC",
    received: str | None = None,
) -> list[Outcome]:
    """Return the outcomes of *data* under the packaged format *name*, blank lines left out."""
    raw = data if isinstance(data, bytes) else data.encode()
    parser = Parser(
        load_definition(name),
        zone=zone,
        received=datetime.fromisoformat(received) if received else None,
        source_name="test.log",
    )
    found = parser.feed(raw) + parser.finish()
    return [each for each in found if not (isinstance(each, Skip) and each.why == "blank line")]


def call(name: str, line: str, **settings: Any) -> dict[str, Any]:
    """Return the one call of *line* as `parse` prints it."""
    found = outcomes(name, line + "\n", **settings)
    assert [type(each) for each in found] == [Cdr], found
    return outcome_to_plain(found[0])["call"]  # type: ignore[no-any-return]


def reject(name: str, line: str, **settings: Any) -> RejectedRecord:
    """Return the one reject of *line*."""
    found = outcomes(name, line + "\n", **settings)
    assert [type(each) for each in found] == [RejectedRecord], found
    assert isinstance(found[0], RejectedRecord)
    return found[0]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def at(plain: str | None) -> datetime | None:
    """Return a printed instant as one that compares."""
    return None if plain is None else datetime.fromisoformat(plain)


__all__ = [
    "Cdr",
    "Part",
    "RejectedRecord",
    "Skip",
    "at",
    "call",
    "instant",
    "outcomes",
    "read_definition",
    "reject",
]
