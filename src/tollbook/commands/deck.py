"""`tollbook tariff import | export`: rate decks from and to files."""

import argparse
import json
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from zoneinfo import ZoneInfo

from tollbook.app.words import counted
from tollbook.commands.files import cannot_read
from tollbook.core.tariff import Fault
from tollbook.core.tariff.deck import FIELD_OF, DeckLayout, DeckOptions
from tollbook.wiring.start import Installation, open_installation

if TYPE_CHECKING:
    from tollbook.app.tariffs.decks import DeckBase, DeckDraft, DeckLook

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2


class WrongUse(ValueError):
    """Something in the command line does not fit; the message says what and what would."""


def import_deck(args: argparse.Namespace) -> int:
    """Read a deck, say what it changes, and publish it unless it is a dry run."""
    try:
        with Path(args.file).open("rb") as file:
            return _import(args, file, open_installation(data_dir=args.data))
    except OSError as fault:
        return _say(cannot_read(args.file, fault), WRONG_USE)
    except WrongUse as fault:
        return _say(str(fault), WRONG_USE)


def export_deck(args: argparse.Namespace) -> int:
    """Write the rates of a tariff as it is in force."""
    installation = open_installation(data_dir=args.data)
    from tollbook.app.tariffs.decks import base_in_force  # noqa: PLC0415 - needs Django set up
    from tollbook.documents.deck import CellTooLong, deck_csv, deck_xlsx  # noqa: PLC0415

    try:
        base = base_in_force(_tariff_id(args.name), at=installation.now())
        tariff = base.tariff
        zone = ZoneInfo(tariff.zone)
        pieces = (
            deck_xlsx(tariff.rates, title=tariff.name, zone=zone)
            if args.format == "xlsx"
            else deck_csv(tariff.rates)
        )
    except (WrongUse, CellTooLong) as fault:
        return _say(str(fault), WRONG_USE)
    with _output(args.output) as out:
        for piece in pieces:
            out.write(piece)
    rates = counted(len(tariff.rates), "rate")
    print(f'"{tariff.name}" version {base.number}: {rates}.', file=sys.stderr)
    return DONE


def _import(args: argparse.Namespace, file: BinaryIO, installation: Installation) -> int:
    from tollbook.app.tariffs import decks  # noqa: PLC0415 - needs Django set up
    from tollbook.app.tariffs.publish import Faulty  # noqa: PLC0415 - likewise

    now = installation.now()
    valid_from = _instant(args.valid_from)
    try:
        base = _base(args, at=valid_from or now)
        look = decks.look_at_deck(file, carrier=args.carrier or base.tariff.name)
    except decks.DeckRefused as fault:
        raise WrongUse(str(fault)) from None
    layout = _layout(args, look)
    draft = decks.draft_deck(file, layout, base, amends=args.amend)
    _tell(args.file, draft)
    if draft.tariff is None:
        return _say(f"{draft.fault_count:,} faults. Nothing was changed.", INCOMPLETE)
    changes = decks.compare_deck(base, draft.tariff, at=valid_from or now)
    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(changes.counts.items()))
    print(f"{counted(draft.rows, 'rate')}: {told}.", file=sys.stderr)
    if not args.dry_run:
        came = decks.publish_deck(
            installation.door,
            draft.tariff,
            base,
            at=now,
            actor="command line",
            valid_from=valid_from,
        )
        if isinstance(came, Faulty):
            _tell_faults(args.file, came.faults)
            return INCOMPLETE
        words = "is published" if came.is_new else "holds these rates already"
        print(f'"{came.name}": version {came.number} {words}.', file=sys.stderr)
        _remember(args, installation, look, layout, base)
    if args.json:
        print(json.dumps({"rows": draft.rows, **changes.counts}))
    return DONE


def _base(args: argparse.Namespace, *, at: datetime) -> "DeckBase":
    from tollbook.app.tariffs import decks  # noqa: PLC0415 - needs Django set up
    from tollbook.storage.models import Site, Tariff  # noqa: PLC0415 - likewise

    if Tariff.objects.filter(name=args.tariff).exists():
        return decks.base_in_force(_tariff_id(args.tariff), at=at)
    site = Site.objects.order_by("id").first()
    return decks.new_base(
        args.tariff,
        currency=args.currency or (site.currency if site else ""),
        zone=args.zone or (site.zone if site else "UTC"),
    )


def _layout(args: argparse.Namespace, look: "DeckLook") -> DeckLayout:
    """Return the suggested layout, changed by what the command line says."""
    suggested = look.suggested.layout
    header = suggested.header_row if args.header_row is None else args.header_row
    headings = look.rows[header - 1] if 0 < header <= len(look.rows) else ()
    columns = dict(suggested.columns)
    for text in args.column or ():
        field, _, heading = text.partition("=")
        if field not in FIELD_OF:
            known = ", ".join(FIELD_OF)
            raise WrongUse(f"--column {text}: {field!r} is no field. Fields: {known}.")
        if heading not in headings:
            found = ", ".join(filter(None, headings))
            raise WrongUse(f"--column {text}: no column is headed {heading!r}. Headings: {found}.")
        at = headings.index(heading)
        columns = {key: column for key, column in columns.items() if column != at}
        columns[field] = at
    options = suggested.options
    changed = DeckOptions(
        decimal=args.decimal or options.decimal,
        dates=args.dates or options.dates,
        per_s=options.per_s,
        first_s=options.first_s,
        increment_s=options.increment_s,
        several=args.several or options.several,
    )
    return DeckLayout(columns, header, changed)


def _remember(
    args: argparse.Namespace,
    installation: Installation,
    look: "DeckLook",
    layout: DeckLayout,
    base: "DeckBase",
) -> None:
    from tollbook.app.tariffs.deck_mappings import remember_layout  # noqa: PLC0415 - needs Django set up

    header = layout.header_row
    headings = look.rows[header - 1] if 0 < header <= len(look.rows) else ()
    carrier = args.carrier or base.tariff.name
    remember_layout(installation.door, layout, headings, carrier=carrier, at=installation.now())


def _tariff_id(name: str) -> int:
    from tollbook.storage.models import Tariff  # noqa: PLC0415 - needs Django set up

    row = Tariff.objects.filter(name=name).first()
    if row is None:
        known = ", ".join(Tariff.objects.order_by("name").values_list("name", flat=True))
        raise WrongUse(f'there is no tariff "{name}". Tariffs: {known or "none yet"}.')
    return row.pk


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"--from is {text!r}, expected as 2026-10-01T00:00:00Z.") from None
    if instant.tzinfo is None:
        raise WrongUse(f"--from is {text!r}: add its offset, as Z or +01:00.")
    return instant


def _tell(name: str, draft: "DeckDraft") -> None:
    _tell_faults(name, (*draft.faults, *draft.doubts))
    more = draft.fault_count - len(draft.faults)
    if more > 0:
        print(f"{name}: and {more:,} more faults", file=sys.stderr)


def _tell_faults(name: str, faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        grade = "warning: " if fault.severity == "warning" else ""
        print(f"{name}: {fault.place}: {grade}{fault.message}", file=sys.stderr)


def _output(name: str | None) -> AbstractContextManager[BinaryIO]:
    return Path(name).open("wb") if name else nullcontext(sys.stdout.buffer)


def _say(words: str, status: int) -> int:
    print(f"tollbook tariff: {words}", file=sys.stderr)
    return status
