"""The form of the columnar copy: its columns, where its files lie, what a month is.

A change of the columns is a new `LAYOUT`: files of another one are not read, but written again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.current import current_connection

LAYOUT = 3
ABSENT = -(2**63) + 1  # Stands for null on the way from a table into an array of integers.

_FIRST_US, _LAST_US = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (1, 9999))


@dataclass(frozen=True, slots=True)
class CopyColumn:
    """One column: its name, its type in DuckDB, and its expression over call `c`, charge `h`."""

    name: str
    kind: str
    source: str

    @property
    def is_text(self) -> bool:
        """Whether it holds text, which is never null."""
        return self.kind == "VARCHAR"


def _numbers(*names: str) -> tuple[CopyColumn, ...]:
    return tuple(CopyColumn(name, "BIGINT", f"c.{name}") for name in names)


def _texts(*names: str) -> tuple[CopyColumn, ...]:
    return tuple(CopyColumn(name, "VARCHAR", f"c.{name}") for name in names)


# What is read from the tables. `charged_call_id` is the call's id where a charge is in force, rated
# or not, and null elsewhere.
TAKEN = (
    *_numbers("id", "begin_us", "answer_us", "talk_ms"),
    CopyColumn("answered", "BOOLEAN", "CASE WHEN c.answered THEN 1 WHEN NOT c.answered THEN 0 END"),
    *_numbers("direction", "pbx_id", "source_id", "site_id", "trunk_id", "extension_id"),
    *_numbers("department_id", "account_code_ref_id", "owner_id", "pulses"),
    *_texts("caller", "dialled", "callee", "destination", "call_type", "account_code"),
    *_texts("source_ip", "caller_name", "callee_name"),
    CopyColumn("charged_call_id", "BIGINT", "h.call_id"),
    CopyColumn("amount_micros", "BIGINT", "h.amount_micros"),
    CopyColumn("billed_s", "BIGINT", "h.billed_s"),
    CopyColumn("currency", "VARCHAR", "h.currency"),
    CopyColumn("unrated_reason", "VARCHAR", "h.unrated_reason"),
    CopyColumn("tariff_version_id", "BIGINT", "h.tariff_version_id"),
    CopyColumn("rate_index", "BIGINT", "h.rate_index"),
)
# The numbers and names of a call in one text, in small letters: keywords are looked for in it. What
# another part holds is left out, which is most of it, and halves the bytes to look through.
APART = "\x1f"
SEARCHED = CopyColumn(
    "searched",
    "VARCHAR",
    f"lower(concat_ws('{APART}', "
    "CASE WHEN NOT contains(caller_name, caller) THEN caller END, caller_name, "
    "dialled, CASE WHEN NOT contains(dialled, callee) THEN callee END, callee_name))",
)
# What the files hold: a name is only searched for.
COLUMNS = (
    *(column for column in TAKEN if column.name not in {"caller_name", "callee_name"}),
    SEARCHED,
)
NAMES = tuple(column.name for column in COLUMNS)

# The month of UTC in which a call began, as 202601; the zones of sites have no part in it.
MONTH_OF_CALL = (
    "CAST(year(make_timestamp(begin_us)) * 100 + month(make_timestamp(begin_us)) AS BIGINT)"
)


def selected(*, call_id: str = "c.id") -> str:
    """Return what to select of `c` and `h`, without nulls; *call_id* is the id's expression."""
    expressions = {**{column.name: column.source for column in TAKEN}, "id": call_id}
    return ", ".join(
        f"coalesce({expressions[column.name]}, {_NOTHING if column.is_text else ABSENT})"
        for column in TAKEN
    )


def deleted_row(call_id: int) -> tuple[object, ...]:
    """Return the row, as `selected` gives it, of a call that is no longer there."""
    return (call_id, *("" if column.is_text else ABSENT for column in TAKEN[1:]))


def columns_folder() -> Path | None:
    """Return where the copy of a database lies; None: it has none."""
    folder = current_connection().settings_dict.get("COLUMNS")
    return Path(folder) / f"calls-{LAYOUT}" if folder else None


def month_of(instant_us: int) -> int:
    """Return the month of UTC that *instant_us* lies in; instants beyond the calendar are clamped.

    >>> month_of(1_769_860_800_000_000)
    202601
    """
    clamped_us = min(max(instant_us, _FIRST_US), _LAST_US)
    instant = from_us(clamped_us)
    return instant.year * 100 + instant.month


def month_begins_us(month: int) -> int:
    """Return the instant at which *month* of UTC begins.

    >>> month_begins_us(197002)
    2678400000000
    """
    return to_us(datetime(month // 100, month % 100, 1, tzinfo=UTC))


def month_file(folder: Path, month: int, generation: int) -> Path:
    """Return the file of a month in one generation."""
    return folder / str(month) / f"{generation}.parquet"


_NOTHING = "''"
