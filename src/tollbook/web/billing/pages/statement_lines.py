"""Lines of a statement as pages show them."""

from dataclasses import dataclass
from datetime import datetime

from tollbook.app.billing.statements import KINDS_OF_LINES, Line
from tollbook.core.instants import from_us
from tollbook.storage.billing.recharges import StatementLine
from tollbook.web.frame.money import four


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a statement, its money as text."""

    line: Line | StatementLine
    at: datetime
    words: str
    amount: str
    after: str


def shown_line(line: Line | StatementLine) -> ShownLine:
    """Return *line* for a page."""
    return ShownLine(
        line,
        from_us(line.at_us),
        KINDS_OF_LINES.get(line.kind, line.kind.capitalize()),
        four(line.amount_micros),
        four(line.after_micros),
    )
