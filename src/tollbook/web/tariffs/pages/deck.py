"""A deck on its way into a tariff, as its page shows it: columns, preview, faults."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from tollbook.app.tariffs.deck_changes import KINDS, SAME, DeckChanges, RateChange
from tollbook.app.tariffs.deck_mappings import read_options
from tollbook.app.tariffs.decks import DeckBase, DeckDraft, DeckLook
from tollbook.core.money import from_micros
from tollbook.core.tariff import Fault
from tollbook.core.tariff.deck import DECK_FIELDS, FIELD_OF, DeckLayout, column_letters
from tollbook.documents.cells import amount
from tollbook.web.tariffs.pages.tariff import price_words

SAMPLE_ROWS = 6
CHANGES_SHOWN = 100
KIND_WORDS = {
    "new": "new",
    "dearer": "dearer",
    "cheaper": "cheaper",
    "mixed": "dearer for some lengths, cheaper for others",
    "gone": "gone",
    "same": "unchanged",
}
DATE_ORDERS = (
    ("iso", "2026-02-01"),
    ("dmy", "01.02.2026 (day first)"),
    ("mdy", "02/01/2026 (month first)"),
)


@dataclass(frozen=True, slots=True)
class DeckForm:
    """What was chosen for a deck, and from when its prices hold (as typed)."""

    layout: DeckLayout
    amends: bool = False
    valid_from: str = ""

    def digest(self, base: DeckBase) -> str:
        """Return a mark of all that decides what is published: of a preview and its deck."""
        told = json.dumps([asdict(self), base.version_id], sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """One column of the deck: its letters and heading, what it is taken for, its first cells."""

    at: int
    letters: str
    heading: str
    field: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One prefix that changes, in words; the amounts are what three minutes cost."""

    prefix: str
    destination: str
    before: str
    after: str
    percent: str
    price_words: str


@dataclass(frozen=True, slots=True)
class ShownChangeKind:
    """The changes of one kind, the greatest first."""

    words: str
    count: int
    changes: tuple[ShownChange, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class ShownPreview:
    """What publishing would do, or the faults for which it cannot be done."""

    finding: str
    summary: str
    faults: Sequence[Fault]
    kinds: tuple[ShownChangeKind, ...] = ()
    may_publish: bool = False
    button: str = ""
    digest: str = ""


def read_form(given: Mapping[str, str], columns: int) -> DeckForm:
    """Return what a posted form chose; a field given to two columns is the last one's."""
    chosen = {
        given[key]: at
        for at in range(columns)
        if (key := f"column-{at}") in given and given[key] in FIELD_OF
    }
    header = given.get("header_row", "")
    layout = DeckLayout(
        columns=chosen,
        header_row=int(header) if header.isascii() and header.isdigit() and len(header) < 6 else 0,
        options=read_options(given),
    )
    valid_from = given.get("valid_from", "").strip()[:40]
    return DeckForm(layout, amends=given.get("amends") == "1", valid_from=valid_from)


def shown_columns(look: DeckLook, layout: DeckLayout) -> tuple[ShownColumn, ...]:
    """Return the columns of a deck with what each is taken for."""
    field_at = {at: field for field, at in layout.columns.items()}
    header = look.rows[layout.header_row - 1] if 0 < layout.header_row <= len(look.rows) else ()
    return tuple(
        ShownColumn(
            at=at,
            letters=column_letters(at),
            heading=header[at] if at < len(header) else "",
            field=field_at.get(at, ""),
        )
        for at in range(len(look.rows[0]))
    )


def sample_rows(look: DeckLook, layout: DeckLayout) -> list[tuple[int, tuple[str, ...]]]:
    """Return the first rows below the headings, with their numbers."""
    numbered = enumerate(look.rows, start=1)
    below = [(number, cells) for number, cells in numbered if number > layout.header_row]
    return [(number, cells) for number, cells in below if any(cells)][:SAMPLE_ROWS]


def field_choices() -> tuple[tuple[str, str], ...]:
    """Return what a column can be taken for."""
    return tuple((field.key, field.title) for field in DECK_FIELDS)


def faulty_preview(draft: DeckDraft) -> ShownPreview:
    """Return what is wrong with a deck."""
    counted = "1 fault" if draft.fault_count == 1 else f"{draft.fault_count:,} faults"
    more = draft.fault_count - len(draft.faults)
    summary = "Nothing was changed. Mend the sheet or choose other columns."
    if more > 0:
        summary += f" Here are the first {len(draft.faults):,}."
    return ShownPreview(f"Refused: {counted}", summary, draft.faults)


def shown_preview(
    draft: DeckDraft, changes: DeckChanges, base: DeckBase, *, digest: str, begins: str
) -> ShownPreview:
    """Return what publishing *draft* would change."""
    counts = changes.counts
    told = [
        f"{counts[kind]:,} {KIND_WORDS[kind]}" for kind in (*KINDS, SAME) if counts.get(kind, 0)
    ]
    against = f"Against version {base.number}" if base.number else "As the first version"
    doubts = f" {draft.doubt_count:,} doubts, listed below." if draft.doubt_count else ""
    rates = "1 rate" if draft.rows == 1 else f"{draft.rows:,} rates"
    return ShownPreview(
        finding=", ".join(told) or "No rate changes",
        summary=f"{against}, holding from {begins}: {rates} were read.{doubts}",
        faults=draft.doubts,
        kinds=_kinds(changes),
        may_publish=True,
        button=f"Publish {rates}",
        digest=digest,
    )


def begins_words(valid_from: datetime | None, *, is_first: bool, zone_name: str) -> str:
    """Say from when on a deck's prices hold."""
    if valid_from is None:
        return "the first call on" if is_first else "the moment of publishing"
    return f"{valid_from:%Y-%m-%d %H:%M:%S} {zone_name}"


def _kinds(changes: DeckChanges) -> tuple[ShownChangeKind, ...]:
    found: list[ShownChangeKind] = []
    for kind in KINDS:
        of_kind = changes.of(kind)
        if of_kind:
            found.append(
                ShownChangeKind(
                    words=KIND_WORDS[kind],
                    count=len(of_kind),
                    changes=tuple(_shown(change) for change in of_kind[:CHANGES_SHOWN]),
                    is_open=not found,
                )
            )
    return tuple(found)


def _shown(change: RateChange) -> ShownChange:
    permille = change.permille
    sign = "+" if permille is not None and permille > 0 else ""
    return ShownChange(
        prefix=change.rate.prefix or "any number",
        destination=change.rate.destination,
        before=_amount(change.before_micros),
        after=_amount(change.after_micros),
        percent="" if permille is None else f"{sign}{permille / 10:.1f} %",
        price_words=price_words(change.rate),
    )


def _amount(micros: int | None) -> str:
    return "" if micros is None else amount(from_micros(micros))
