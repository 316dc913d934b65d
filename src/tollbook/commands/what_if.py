"""`tollbook what-if`: past calls under other tariffs, side by side."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tollbook.app.reports.call_criteria import CriteriaError, Selection, select
from tollbook.app.rerating.what_if import (
    Comparison,
    WhatIfLine,
    WhatIfRefused,
    alternatives,
    compare,
)
from tollbook.app.rerating.what_if_table import document_of, table_of
from tollbook.app.words import counted
from tollbook.commands.criteria import criteria_of, option_words
from tollbook.commands.files import cannot_write
from tollbook.commands.tables import Cell, Right, print_table
from tollbook.commands.terminal import print_line
from tollbook.commands.words import DONE, INCOMPLETE, refuse, tell
from tollbook.core.money import format_amount, from_micros
from tollbook.documents.csv_text import stream_csv
from tollbook.documents.xlsx_book import stream_xlsx
from tollbook.wiring.start import Installation

UNRATED_SHOWN = 10

_HEADINGS = {"call_type": "Call type", "destination": "Destination", "department": "Department"}


def run(args: argparse.Namespace, _installation: Installation, chosen: str | None) -> int:
    """Compare what *args* ask for; calls that a tariff cannot price make the status 1."""
    try:
        selection = select(criteria_of(args))
        comparison = compare(selection.filter, alternatives(args.tariff))
        if chosen is None and args.output is None and sys.stdout.isatty():
            _print(comparison, selection)
        else:
            _write(comparison, selection, chosen, args.output)
    except CriteriaError as fault:
        return refuse("what-if", option_words(fault))
    except WhatIfRefused as refusal:
        return refuse("what-if", f"--tariff: {refusal}")
    except BrokenPipeError:
        raise  # The command line knows what to do when nobody reads any more.
    except OSError as fault:
        return refuse("what-if", cannot_write(args.output, fault))
    return _status(comparison)


def _write(
    comparison: Comparison, selection: Selection, chosen: str | None, output: str | None
) -> None:
    if chosen is None:
        text = "\n".join(_words(comparison, selection)) + "\n"
        pieces: Iterator[bytes] = iter([text.encode()])
    else:
        pieces = _file(comparison, selection, chosen)
    if output is None or output == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    with Path(output).open("wb") as out:
        out.writelines(pieces)


def _file(comparison: Comparison, selection: Selection, chosen: str) -> Iterator[bytes]:
    if chosen == "json":
        document = document_of(comparison, selection)
        return iter([json.dumps(document, ensure_ascii=False).encode() + b"\n"])
    table = table_of(comparison, selection)
    return stream_csv(table) if chosen == "csv" else stream_xlsx(table)


def _words(comparison: Comparison, selection: Selection) -> Iterator[str]:
    yield ", ".join([selection.period.words(), *selection.words])
    yield from _lines(comparison, "", [comparison.total])
    for dimension, heading in _HEADINGS.items():
        yield ""
        yield from _lines(comparison, heading, comparison.groups[dimension])
    if comparison.unrated:
        yield ""
    yield from _unrated_words(comparison)


def _unrated_words(comparison: Comparison) -> Iterator[str]:
    if comparison.unrated:
        yield f"Without a price, the {UNRATED_SHOWN} most frequent numbers:"
    for one in comparison.unrated[:UNRATED_SHOWN]:
        yield f"  {one.tariff}: {one.number} ({one.reason}), {counted(one.calls, 'call')}"


def _print(comparison: Comparison, selection: Selection) -> None:
    """Print on a terminal what `_words` says."""
    print_line(", ".join([selection.period.words(), *selection.words]))
    _print_group(comparison, "", [comparison.total])
    for dimension, heading in _HEADINGS.items():
        print()
        _print_group(comparison, heading, comparison.groups[dimension])
    if comparison.unrated:
        print()
    for words in _unrated_words(comparison):
        print_line(words)


def _print_group(comparison: Comparison, heading: str, found: Sequence[WhatIfLine]) -> None:
    print_table(
        (heading, Right("Calls"), "Tariff", Right("Charge"), Right("Saving"), Right("Unpriced")),
        (row for line in found for row in _rows(comparison, heading, line)),
        lines=_lines(comparison, heading, found),
    )


def _rows(comparison: Comparison, heading: str, line: WhatIfLine) -> Iterator[tuple[Cell, ...]]:
    """Yield what a line was charged, then what it would be under each tariff."""
    unrated = line.calls - line.rated_now
    charged = tuple(f"{_text(micros)} {currency}" for currency, micros in line.charges)
    yield (
        line.name or ("(none)" if heading else "All"),
        f"{line.calls:,}",
        "as charged",
        charged or "0",
        "",
        f"{unrated:,}" if unrated else "",
    )
    for tariff, outcome in zip(comparison.tariffs, line.outcomes, strict=True):
        charge = f"{_text(outcome.charge_micros)} {tariff.currency}"
        saving = _text(outcome.saving_micros)
        yield "", "", tariff.name, charge, saving, f"{outcome.unrated:,}"


def _lines(comparison: Comparison, heading: str, lines: Sequence[WhatIfLine]) -> Iterator[str]:
    yield f"{heading:<26}{'Calls':>10}  {'Tariff':<24}{'Charge':>16}{'Saving':>16}{'Unpriced':>10}"
    for line in lines:
        yield (
            f"{(line.name or ('(none)' if heading else 'All'))[:25]:<26}{line.calls:>10,}  "
            f"{'as charged':<24}{_charged(line)}"
        )
        for tariff, outcome in zip(comparison.tariffs, line.outcomes, strict=True):
            amounts = f"{_text(outcome.charge_micros):>16}{_text(outcome.saving_micros):>16}"
            yield (
                f"{'':<38}{tariff.name[:23]:<24}{amounts}{outcome.unrated:>10,} {tariff.currency}"
            )


def _charged(line: WhatIfLine) -> str:
    unrated = line.calls - line.rated_now
    money = " + ".join(f"{_text(micros)} {currency}" for currency, micros in line.charges) or "0"
    return f"{money:>20}" + (f"{'':>12}{unrated:>10,}" if unrated else "")


def _text(micros: int) -> str:
    return format_amount(from_micros(micros))


def _status(comparison: Comparison) -> int:
    unrated = [
        f"{outcome.unrated:,} by {tariff.name}"
        for tariff, outcome in zip(comparison.tariffs, comparison.total.outcomes, strict=True)
        if outcome.unrated
    ]
    if unrated:
        tell("what-if", f"calls that would have no price: {', '.join(unrated)}.")
    return INCOMPLETE if unrated else DONE
