"""Account codes from a CSV file: read whole, compared with what is kept, taken all or not at all.

The first line names the columns, in any order and case; those that are missing keep what a known
code has. Source: EBC-20, EBC-27; docs/manual/account-codes.md.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from tollbook.app.access.actor import Actor
from tollbook.app.directory.account_code_form import CodeRefused, CodeText, OwnNumber, read_code
from tollbook.app.directory.account_codes import CodeInfo, code_infos, write_code
from tollbook.app.directory.owners import OwnerFilter, list_owners
from tollbook.core.policies.codes import MAX_NUMBER_DIGITS
from tollbook.documents.cells import unguarded
from tollbook.storage.db.installation import door
from tollbook.storage.models import AccountCode
from tollbook.storage.models.directory import MOST_OWN_NUMBERS

LARGEST_BYTES = 20_000_000
MOST_ROWS = 200_000
MOST_FAULTS = 100
_DELIMITERS = ",;\t"

_HEADINGS = {
    "account": "code",
    "account code": "code",
    "code": "code",
    "description": "description",
    "owner": "owner",
    "department": "owner",
    "restrict": "restrict",
    "min": "minimum",
    "minimum": "minimum",
    "max": "maximum",
    "maximum": "maximum",
    "prefix": "blocked",
    "prefixes": "blocked",
    "blocked": "blocked",
    "allowed": "allowed",
    "active": "active",
    "fee": "fee",
    "fee an hour": "fee",
    "fee unit": "fee_unit_s",
    "unit": "fee_unit_s",
    **{f"number {place}": f"number_{place}" for place in range(1, MOST_OWN_NUMBERS + 1)},
}
_YES = {"1", "y", "yes", "true", "x", "on", "ja", "oui"}
_NO = {"", "0", "n", "no", "false", "off", "nein", "non"}


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one line of the file, counted from 1; line 0 is the file as a whole."""

    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class CodeLineChange:
    """One line that would add a code or change a known one; `code_id` None for a new one."""

    line: int
    code_id: int | None
    text: CodeText
    values: Mapping[str, object]
    numbers: tuple[OwnNumber, ...]


@dataclass(frozen=True, slots=True)
class CodeReading:
    """What the file would do: changes where there is no fault, else nothing at all."""

    changes: tuple[CodeLineChange, ...]
    unchanged: int
    faults: tuple[RowFault, ...]

    @property
    def new(self) -> int:
        """How many codes would be added."""
        return sum(change.code_id is None for change in self.changes)


class _Wrong(ValueError):
    """One cell that cannot be read."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_codes(data: bytes, *, length: int) -> CodeReading:
    """Return what *data* would do to the codes that are kept; *length* is that of new codes, 0 any.

    Nothing is written. At most `MOST_FAULTS` faults are told.
    """
    if len(data) > LARGEST_BYTES:
        message = f"the file has {len(data):,} bytes, at most {LARGEST_BYTES:,} are read"
        return CodeReading((), 0, (RowFault(0, "", message),))
    lines = csv.reader(
        io.StringIO(_decoded(data), newline=""), delimiter=_delimiter(data), strict=True
    )
    try:
        headings = _headings(next(lines, []))
        return _compared(enumerate(lines, start=2), headings, length=length)
    except (_Wrong, csv.Error) as wrong:
        field = wrong.field if isinstance(wrong, _Wrong) else ""
        return CodeReading((), 0, (RowFault(max(1, lines.line_num), field, str(wrong)),))


def import_codes(data: bytes, *, length: int, by: Actor) -> CodeReading:
    """Keep what *data* tells, all or nothing, and return what was done; faults changed nothing."""
    with door().transaction():
        reading = read_codes(data, length=length)
        for change in () if reading.faults else reading.changes:
            write_code(
                dict(change.values),
                change.numbers,
                by=by,
                code_id=change.code_id,
            )
    return reading


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _delimiter(data: bytes) -> str:
    """Return the character that parts the headings: the most frequent of those that may."""
    first = data.split(b"\n", 1)[0].decode("latin-1")
    return max(_DELIMITERS, key=first.count)


def _headings(cells: list[str]) -> list[str]:
    """Return the field of each column; raises _Wrong for a column that is not known, or twice."""
    found: list[str] = []
    for cell in cells:
        field = _HEADINGS.get(" ".join(cell.lower().replace("_", " ").split()))
        if field is None:
            known = "Account, Description, Owner, Restrict, Min, Max, Prefix, Allowed, Active, Fee"
            raise _Wrong("", f'column "{cell[:40]}" is not known. Known: {known}, Unit, Number 1…9')
        if field in found:
            raise _Wrong(field, f'column "{cell[:40]}" is there twice')
        found.append(field)
    if "code" not in found:
        raise _Wrong("code", "the first line has no column Account: it must name the columns")
    return found


def _compared(
    lines: Iterator[tuple[int, list[str]]], headings: list[str], *, length: int
) -> CodeReading:
    comparison = _CodeComparer(headings, length)
    faults: list[RowFault] = []
    for line, cells in lines:
        try:
            comparison.take(line, cells)
        except _Wrong as wrong:
            faults.append(RowFault(line, wrong.field, str(wrong)))
        except CodeRefused as refused:
            faults.extend(RowFault(line, each.field, each.message) for each in refused.faults)
        if len(faults) >= MOST_FAULTS or line > MOST_ROWS:
            break
    if faults:
        return CodeReading((), comparison.unchanged, tuple(faults[:MOST_FAULTS]))
    return CodeReading(tuple(comparison.changes), comparison.unchanged, ())


class _CodeComparer:
    """Takes line after line and says what each would change of what is kept."""

    def __init__(self, headings: list[str], length: int) -> None:
        self._headings = headings
        self._length = length
        rows = code_infos(AccountCode.objects.select_related("owner"))
        self._known = {info.code: info for info in rows}
        active = list_owners(OwnerFilter(active=True))
        self._owners = {owner.name: owner.id for owner in active}
        self._seen: dict[str, int] = {}
        self.changes: list[CodeLineChange] = []
        self.unchanged = 0

    def take(self, line: int, cells: list[str]) -> None:
        """Read one line; raises _Wrong, CodeRefused."""
        if not any(cell.strip() for cell in cells):
            return
        if line > MOST_ROWS:
            raise _Wrong("", f"more than {MOST_ROWS:,} lines")
        given = _given(cells, self._headings)
        code = given["code"].strip()
        first = self._seen.setdefault(code, line)
        if first != line:
            raise _Wrong("code", f"code {code} is in line {first} already")
        info = self._known.get(code)
        text = _text(given, info)
        if info is not None and text == as_text(info):
            self.unchanged += 1
            return
        # A code that is kept may be older than the fixed length, and its owner inactive by now.
        owners = dict(self._owners)
        if info is not None and info.owner_id is not None:
            owners[info.owner] = info.owner_id
        values, numbers = read_code(text, length=0 if info else self._length, owners=owners)
        code_id = info.id if info else None
        self.changes.append(CodeLineChange(line, code_id, text, values, numbers))


def _given(cells: list[str], headings: list[str]) -> dict[str, str]:
    if len(cells) > len(headings):
        raise _Wrong("", f"{len(cells)} cells, but {len(headings)} columns are named")
    padded = [*cells, *([""] * (len(headings) - len(cells)))]
    return dict(zip(headings, map(unguarded, padded), strict=True))


def _text(given: Mapping[str, str], info: CodeInfo | None) -> CodeText:
    """Return what a line writes; what it has no column for stays as *info* has it."""
    base = CodeText(code="") if info is None else as_text(info)
    changed: dict[str, object] = {}
    for field in fields(CodeText):
        if field.name in given:
            cell = given[field.name]
            truth = isinstance(getattr(base, field.name), bool)
            changed[field.name] = _truth(field.name, cell) if truth else cell.strip()
    numbered = [key for key in given if key.startswith("number_")]
    if numbered:
        longest = MAX_NUMBER_DIGITS + 200
        numbers = (given[key].strip()[:longest] for key in sorted(numbered))
        changed["numbers"] = tuple(number for number in numbers if number)
    return replace(base, **changed)  # type: ignore[arg-type]  # each of its field's own type


def _truth(field: str, cell: str) -> bool:
    word = cell.strip().lower()
    if word not in _YES | _NO:
        raise _Wrong(field, f'"{cell[:16]}": yes or no is expected')
    return word in _YES


def as_text(info: CodeInfo) -> CodeText:
    """Return a kept code as it would be written."""
    return CodeText(
        code=info.code,
        description=info.description,
        owner=info.owner,
        restrict=info.restrict,
        minimum=str(info.minimum),
        maximum=str(info.maximum),
        blocked=info.blocked,
        allowed=info.allowed,
        active=info.active,
        fee=info.fee,
        fee_unit_s=str(info.fee_unit_s),
        numbers=tuple(f"{own.number} {own.label}".strip() for own in info.numbers),
    )
