"""What a re-rating comes to: old, new and difference, in all and by whom, what and where to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tollbook.core.money import format_amount, from_micros
from tollbook.storage.rerating.rated_calls import RerateSums

DIMENSIONS = ("extension", "call_type", "destination")


@dataclass(frozen=True, slots=True)
class RerateLine:
    """One group in one currency; amounts are exact. Calls without any price have none ("").

    `changed` calls get a new charge, be it only by another version of the tariff; `unrated` have
    no price now, `lost` are those of them that had one.
    """

    name: str
    currency: str
    calls: int
    changed: int
    unrated: int
    lost: int
    old: Decimal
    new: Decimal

    @property
    def difference(self) -> Decimal:
        """What is charged more than before; less where negative."""
        return self.new - self.old


@dataclass(frozen=True, slots=True)
class Rerating:
    """The comparison. `run` is None for a dry run; `groups` has the keys of `DIMENSIONS`.

    Lines are ordered by the size of their difference, the largest first.
    """

    run: int | None
    calls: int
    changed: int
    unrated: int
    lost: int
    totals: tuple[RerateLine, ...]
    groups: Mapping[str, tuple[RerateLine, ...]]


def rerating_of(
    cells: Iterable[RerateSums], *, run: int | None, extensions: Mapping[int, str]
) -> Rerating:
    """Add up *cells*; *extensions* are their numbers by id."""
    cells = list(cells)
    labels: Mapping[str, Callable[[RerateSums], str]] = {
        "extension": lambda cell: extensions.get(cell.extension_id or 0, ""),
        "call_type": lambda cell: cell.call_type,
        "destination": lambda cell: cell.destination,
    }
    return Rerating(
        run=run,
        calls=sum(cell.calls for cell in cells),
        changed=sum(cell.changed for cell in cells),
        unrated=sum(cell.unrated for cell in cells),
        lost=sum(cell.lost for cell in cells),
        totals=_lines(cells, lambda _: ""),
        groups={dimension: _lines(cells, labels[dimension]) for dimension in DIMENSIONS},
    )


def document_of(rerating: Rerating) -> dict[str, Any]:
    """Return the comparison as JSON values, amounts as text."""
    return {
        "run": rerating.run,
        "calls": rerating.calls,
        "changed": rerating.changed,
        "unrated": rerating.unrated,
        "became_unrated": rerating.lost,
        "totals": [_line_document(line) for line in rerating.totals],
        **{
            f"by_{dimension}": [
                {dimension: line.name, **_line_document(line)}
                for line in rerating.groups[dimension]
            ]
            for dimension in DIMENSIONS
        },
    }


def rerating_from(document: Mapping[str, Any]) -> Rerating:
    """Return the comparison that `document_of` wrote down."""
    return Rerating(
        run=document["run"],
        calls=document["calls"],
        changed=document["changed"],
        unrated=document["unrated"],
        lost=document["became_unrated"],
        totals=tuple(_line_from(line, "") for line in document["totals"]),
        groups={
            dimension: tuple(
                _line_from(line, line[dimension]) for line in document[f"by_{dimension}"]
            )
            for dimension in DIMENSIONS
        },
    )


def _lines(
    cells: Iterable[RerateSums], label: Callable[[RerateSums], str]
) -> tuple[RerateLine, ...]:
    """Return the sums by label and currency: a call counts where its new price is, else its old."""
    sums: dict[tuple[str, str], RerateSums] = {}
    for cell in cells:
        name = label(cell)
        counted = sums.setdefault((name, cell.new_currency or cell.old_currency), RerateSums())
        counted.calls += cell.calls
        counted.changed += cell.changed
        counted.unrated += cell.unrated
        counted.lost += cell.lost
        counted.new_micros += cell.new_micros
        sums.setdefault(
            (name, cell.old_currency or cell.new_currency), RerateSums()
        ).old_micros += cell.old_micros
    lines = [
        RerateLine(
            name,
            currency,
            one.calls,
            one.changed,
            one.unrated,
            one.lost,
            from_micros(one.old_micros),
            from_micros(one.new_micros),
        )
        for (name, currency), one in sums.items()
    ]
    return tuple(
        sorted(lines, key=lambda line: (-abs(line.difference), -line.new, line.name, line.currency))
    )


def _line_document(line: RerateLine) -> dict[str, Any]:
    return {
        "currency": line.currency,
        "calls": line.calls,
        "changed": line.changed,
        "unrated": line.unrated,
        "became_unrated": line.lost,
        "old": format_amount(line.old),
        "new": format_amount(line.new),
        "difference": format_amount(line.difference),
    }


def _line_from(line: Mapping[str, Any], name: str) -> RerateLine:
    return RerateLine(
        name,
        line["currency"],
        line["calls"],
        line["changed"],
        line["unrated"],
        line["became_unrated"],
        Decimal(line["old"]),
        Decimal(line["new"]),
    )
