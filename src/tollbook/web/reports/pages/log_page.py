"""The call log as its page shows it: columns, rows, where to go from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tollbook.app.reports.call_log import CallPage, CallRow, Sort, SortOrder
from tollbook.app.reports.call_table import call_from, call_to, no_charge_reason
from tollbook.app.reports.margin import costs_in_use
from tollbook.core.dialplan import CALL_TYPES
from tollbook.core.instants import from_us
from tollbook.core.money import from_micros
from tollbook.core.numbers import strip_decoration
from tollbook.web.frame.periods import NAMED
from tollbook.web.pricing.pages.why import reason_words
from tollbook.web.reports.pages.log_choices import LogChoices, offered
from tollbook.web.reports.pages.log_query import DIRECTION_WORDS, SIZES, USUAL_SIZE, Chip, LogQuery
from tollbook.web.templatetags.tollbook import call_type_words

ORDERS = {
    "": SortOrder(),
    "begin": SortOrder(descending=False),
    "talk": SortOrder(Sort.TALK),
    "-talk": SortOrder(Sort.TALK, descending=False),
    "charge": SortOrder(Sort.CHARGE),
    "-charge": SortOrder(Sort.CHARGE, descending=False),
}


@dataclass(frozen=True, slots=True)
class ShownCall:
    """One row of the log: the stored call, and what the page says of it."""

    row: CallRow
    begin: datetime
    caller_name: str
    callee: str
    callee_name: str
    trunk: str
    amount: Decimal | None
    reason_words: str
    margin: Decimal | None
    from_words: str
    to_words: str

    @property
    def to_title(self) -> str:
        """Who was called, with what was dialled where that differs."""
        if self.row.dialled in ("", self.callee):
            return self.to_words
        return f"{self.to_words}, dialled {self.row.dialled}"


@dataclass(frozen=True, slots=True)
class LogColumn:
    """A column's head; without `sort_href` it cannot be sorted by."""

    title: str
    is_number: bool = False
    sort_href: str = ""
    aria_sort: str = ""


SEARCHED = frozenset({"extension", "account_code"})


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field of the filter form."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]] = ()
    decimal: bool = False

    @property
    def is_searched(self) -> bool:
        """Whether the server offers values for what is typed."""
        return self.name in SEARCHED


@dataclass(frozen=True, slots=True)
class Live:
    """The part that asks for new calls: from where on, and what to say."""

    query: str
    said: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Everything on the page beside the frame."""

    words: str
    faults: Sequence[str]
    query: str
    form: Mapping[str, str]
    periods: Sequence[tuple[str, str]]
    selects: Sequence[FilterField]
    texts: Sequence[FilterField]
    chips: Sequence[Chip]
    columns: Sequence[LogColumn]
    rows: Sequence[ShownCall]
    older: str
    older_words: str
    newer: str
    newer_words: str
    live: Live | None
    kept: Sequence[tuple[str, str]]
    size: int
    sizes: Sequence[int] = SIZES


_EMPTY_FORM = dict.fromkeys(("q", "period", "sort", "size"), "")


def log_page(
    query: LogQuery,
    found: CallPage,
    *,
    choices: LogChoices,
    currency: str,
    live: Live | None,
    sees_costs: bool = False,
) -> LogPage:
    """Return the page for what *query* asks and what was *found*.

    The margin is there where calls have a cost and the reader *sees_costs*.
    """
    has_margin = sees_costs and costs_in_use()
    by_time = ORDERS[query.sort].sort is Sort.BEGIN and ORDERS[query.sort].descending
    given = query.given
    return LogPage(
        words=query.sentence(),
        faults=query.faults,
        query=query.address(size=None),
        form={**_EMPTY_FORM, **given, "from": "", "to": "", **query.fields},
        periods=NAMED,
        selects=_selects(given, choices, has_margin=has_margin),
        texts=_texts(given, choices),
        chips=query.chips(),
        columns=_columns(query, currency, has_margin=has_margin),
        rows=[shown_call(row) for row in found.rows],
        older=query.address(at=found.next) if found.next else "",
        older_words="Older" if by_time else "Next",
        newer=query.address(at=found.previous) if found.previous else "",
        newer_words="Newer" if by_time else "Previous",
        live=live,
        kept=[(key, value) for key, value in given.items() if key != "size"],
        size=query.size or USUAL_SIZE,
    )


def shown_call(row: CallRow) -> ShownCall:
    """Return a stored call as a row of the log."""
    return ShownCall(
        row,
        begin=from_us(row.begin_us),
        caller_name=_name_beside(row.caller_name or _name_if(row, row.caller), row.caller),
        callee=row.callee or row.dialled,
        callee_name=_name_beside(row.callee_name or _name_if(row, row.callee), row.callee),
        trunk=row.trunk_label or row.trunk,
        amount=None if row.charge_micros is None else from_micros(row.charge_micros),
        reason_words=reason_words(no_charge_reason(row)),
        margin=None if row.margin_micros is None else from_micros(row.margin_micros),
        from_words=call_from(row) or "unknown",
        to_words=call_to(row) or "unknown",
    )


def _name_if(row: CallRow, number: str) -> str:
    """Return the extension's name if *number* is that extension."""
    return row.extension_name if row.extension and row.extension == number else ""


def _name_beside(name: str, number: str) -> str:
    """Return the name, or "" if it is the number again: many switches send it as a name too."""
    return "" if strip_decoration(name) == number else name


def _columns(query: LogQuery, currency: str, *, has_margin: bool) -> list[LogColumn]:
    sortable = {"Start": "begin", "Duration": "talk", f"Charge, {currency}": "charge"}
    order = ORDERS[query.sort]
    columns = []
    for title in (
        "Start", "Call from", "Call to", "Destination", "Call type", "Trunk", "Account code",
        "Owner", "Duration", f"Charge, {currency}", *(("Margin",) if has_margin else ()),
    ):  # fmt: skip
        key = sortable.get(title)
        is_number = (title in sortable and key != "begin") or title == "Margin"
        if key is None:
            columns.append(LogColumn(title, is_number))
            continue
        here = order.sort.value == key
        first, second = ("", "begin") if key == "begin" else (key, f"-{key}")
        columns.append(
            LogColumn(
                title,
                is_number,
                sort_href=query.address(sort=second if here and order.descending else first),
                aria_sort=("descending" if order.descending else "ascending") if here else "",
            )
        )
    return columns


def _selects(
    given: Mapping[str, str], choices: LogChoices, *, has_margin: bool
) -> list[FilterField]:
    def field(name: str, label: str, options: Sequence[tuple[str, str]]) -> FilterField:
        return FilterField(name, label, given.get(name, ""), options)

    def linked(name: str, label: str) -> FilterField:
        return field(name, label, [(str(value), words) for value, words in choices.of(name)])

    types = [(one, call_type_words(one)) for one in CALL_TYPES]
    sites = [linked("site", "Site")] if len(choices.site) > 1 else []
    return [
        *sites,
        linked("department", "Department"),
        linked("owner", "Owner"),
        linked("trunk", "Trunk"),
        linked("pbx", "PBX"),
        linked("source", "Source"),
        field("direction", "Direction", list(DIRECTION_WORDS.items())),
        field("call_type", "Call type", types),
        field("answered", "Answered", [("yes", "answered"), ("no", "not answered")]),
        field("unrated", "Price", [("1", "unrated only")]),
        field("arrived", "Record came", [(name, words.lower()) for name, words in NAMED if name]),
        *([field("below_cost", "Margin", [("1", "sold below cost")])] if has_margin else []),
    ]


def _texts(given: Mapping[str, str], choices: LogChoices) -> list[FilterField]:
    def field(
        name: str, label: str, options: Sequence[tuple[str, str]] = (), *, decimal: bool = False
    ) -> FilterField:
        return FilterField(name, label, given.get(name, ""), options, decimal)

    return [
        field("extension", "Extension", offered(choices.extensions)),
        field("account_code", "Account code", offered(choices.account_codes)),
        field("destination", "Destination"),
        field("cost_min", "Charge from", decimal=True),
        field("cost_max", "Charge up to", decimal=True),
    ]
