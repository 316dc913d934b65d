"""`tollbook tariff import`: publish a carrier's rate deck."""

import argparse
import json
from datetime import datetime
from typing import BinaryIO

from tollbook.app.access.actor import Actor
from tollbook.app.tariffs import decks
from tollbook.app.tariffs.deck_mappings import remember_layout
from tollbook.app.tariffs.publish import Faulty
from tollbook.app.words import counted
from tollbook.commands.words import DONE, INCOMPLETE, note, refuse, tell, tell_faults
from tollbook.core.tariff.deck import FIELD_OF, DeckLayout, DeckOptions
from tollbook.storage.models import Site, Tariff
from tollbook.wiring.start import Installation


class WrongUse(ValueError):
    """Something in the command line does not fit; the message says what and what would."""


def run(args: argparse.Namespace, installation: Installation, file: BinaryIO) -> int:
    """Read a deck, say what it changes, and publish it unless it is a dry run."""
    try:
        return _import(args, installation, file)
    except WrongUse as fault:
        return refuse("tariff", str(fault))


def _import(args: argparse.Namespace, installation: Installation, file: BinaryIO) -> int:
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
        return tell("tariff", f"{draft.fault_count:,} faults. Nothing was changed.", INCOMPLETE)
    changes = decks.compare_deck(base, draft.tariff, at=valid_from or now)
    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(changes.counts.items()))
    note(f"{counted(draft.rows, 'rate')}: {told}.")
    if not args.dry_run:
        came = decks.publish_deck(
            draft.tariff, base, by=Actor("command line", now), valid_from=valid_from
        )
        if isinstance(came, Faulty):
            tell_faults(args.file, came.faults)
            return INCOMPLETE
        words = "is published" if came.is_new else "holds these rates already"
        note(f'"{came.name}": version {came.number} {words}.')
        _remember(args, installation, look, layout, base)
    if args.json:
        print(json.dumps({"rows": draft.rows, **changes.counts}))
    return DONE


def _base(args: argparse.Namespace, *, at: datetime) -> decks.DeckBase:
    if Tariff.objects.filter(name=args.tariff).exists():
        return decks.base_in_force(tariff_id(args.tariff), at=at)
    site = Site.objects.order_by("id").first()
    return decks.new_base(
        args.tariff,
        currency=args.currency or (site.currency if site else ""),
        zone=args.zone or (site.zone if site else "UTC"),
    )


def _layout(args: argparse.Namespace, look: decks.DeckLook) -> DeckLayout:
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
    look: decks.DeckLook,
    layout: DeckLayout,
    base: decks.DeckBase,
) -> None:
    header = layout.header_row
    headings = look.rows[header - 1] if 0 < header <= len(look.rows) else ()
    carrier = args.carrier or base.tariff.name
    remember_layout(layout, headings, carrier=carrier, at=installation.now())


def tariff_id(name: str) -> int:
    """Return the id of the tariff called *name*; raises WrongUse."""
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


def _tell(name: str, draft: decks.DeckDraft) -> None:
    tell_faults(name, (*draft.faults, *draft.doubts))
    more = draft.fault_count - len(draft.faults)
    if more > 0:
        note(f"{name}: and {more:,} more faults")
