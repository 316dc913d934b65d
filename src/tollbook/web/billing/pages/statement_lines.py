"""Lines of a statement as pages show them."""

from dataclasses import dataclass
from datetime import datetime

from tollbook.app.billing.statements import KINDS_OF_LINES, StatementLine
from tollbook.core.instants import from_us
from tollbook.web.frame.money import four


@dataclass(frozen=True, slots=True)
class ShownStatementLine:
    """One line of a statement, its money as text."""

    line: StatementLine
    at: datetime
    words: str
    amount: str
    after: str


def shown_line(line: StatementLine) -> ShownStatementLine:
    """Return *line* for a page."""
    return ShownStatementLine(
        line,
        from_us(line.at_us),
        KINDS_OF_LINES.get(line.kind, line.kind.capitalize()),
        four(line.amount_micros),
        four(line.after_micros),
    )
