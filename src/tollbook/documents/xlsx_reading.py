"""XLSX read as a stream of rows, in bounded memory whatever the file says.

Written by hand, because readers that build a sheet in memory let two cells at its far corners
ask for hundreds of gigabytes. What a zip says of its sizes is enforced while unpacking, a
document type is refused (no entity is ever expanded), and sparse rows cost what they hold.

Source: ECMA-376 part 1, "SpreadsheetML".
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import BinaryIO
from xml.parsers import expat

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_PARTS = 2_000
MAX_SHARED_TEXTS = 2_000_000
MAX_SHEET_ROW = 1_048_576
_CHUNK_BYTES = 64 * 1024
_DIGITS_OF_A_NUMBER = 15  # what a spreadsheet shows of a number; the rest is binary noise
_LONGEST_NUMBER = 40
_MOST_REMEMBERED = 100_000
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_IN_DATES = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's dates have no zone
_DAY_ZERO_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 - likewise
_DAY_S = 86_400
_BROKEN = (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError)

Attributes = dict[str, str]
Handlers = tuple[
    Callable[[str, Attributes], None], Callable[[str], None], Callable[[str], None] | None
]


class SheetError(ValueError):
    """A file that is no table as expected, or too large; *place* says where."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message


def xlsx_rows(file: BinaryIO, *, max_columns: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the 1-based number and the cells of each row of the first visible sheet.

    Raises SheetError, also half-way.
    """
    try:
        with zipfile.ZipFile(file) as book:
            _require_bounds(book)
            yield from _rows(book, max_columns)
    except _BROKEN as fault:
        raise SheetError("the workbook", f"is damaged: {fault}") from None
    except (KeyError, RuntimeError) as fault:
        # A part that is named and not there; a part that asks for a password.
        raise SheetError("the workbook", f"cannot be read: {fault}") from None


def plain_number(text: str) -> str:
    """Return the number that a cell writes, as people see it: 15 digits, no exponent.

    >>> [plain_number(text) for text in ("49", "1.2E-2", "0.30000000000000004", "1E+3")]
    ['49', '0.012', '0.3', '1000']
    """
    if _PLAIN_NUMBER.fullmatch(text):
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
        return text
    written = format(Decimal(f"{number:.{_DIGITS_OF_A_NUMBER - 1}e}"), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def date_text(text: str, *, day_zero: datetime) -> str:
    """Return the date, the instant or the time of day that a serial number of days stands for.

    >>> [date_text(text, day_zero=datetime(1899, 12, 30)) for text in ("46023", "46023.5", "0.75")]
    ['2026-01-01', '2026-01-01 12:00:00', '18:00:00']
    """
    try:
        seconds = round(Decimal(text) * _DAY_S)
        instant = day_zero + timedelta(seconds=seconds)
    except (InvalidOperation, OverflowError, ValueError):
        return text
    if 0 <= seconds < _DAY_S:
        return f"{instant:%H:%M:%S}"
    return f"{instant:%Y-%m-%d}" if seconds % _DAY_S == 0 else f"{instant:%Y-%m-%d %H:%M:%S}"


def _require_bounds(book: zipfile.ZipFile) -> None:
    parts = book.infolist()
    if len(parts) > MAX_PARTS:
        raise SheetError("the workbook", f"has more than {MAX_PARTS:,} parts")
    # `ZipFile` unpacks no more of a part than its directory says.
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED_BYTES:
        raise SheetError(
            "the workbook",
            f"unpacks to {unpacked // 1_000_000:,} MB, expected at most "
            f"{MAX_UNPACKED_BYTES // 1_000_000}; save the sheet of rates alone, or as CSV",
        )


def _rows(book: zipfile.ZipFile, max_columns: int) -> Iterator[tuple[int, list[str]]]:
    main = _main_part(book)
    workbook = _Workbook()
    _parse(book, main, workbook.handlers())
    folder = main.rpartition("/")[0]
    relations = _relations(book, f"{folder}/_rels/{main.rpartition('/')[2]}.rels", folder)
    if workbook.sheet not in relations.by_id:
        raise SheetError("the workbook", "has no visible sheet")
    shared, styles = _SharedTexts(), _Styles()
    for found, kind in ((shared, "sharedStrings"), (styles, "styles")):
        part = relations.by_kind.get(kind)
        if part is not None:
            _parse(book, part, found.handlers())
    sheet = _Sheet(
        shared.texts,
        styles.date_styles(),
        max_columns=max_columns,
        day_zero=_DAY_ZERO_1904 if workbook.is_1904 else _DAY_ZERO,
    )
    for _ in _parse_slowly(book, relations.by_id[workbook.sheet], sheet.handlers()):
        yield from sheet.take()
    yield from sheet.take()


def _main_part(book: zipfile.ZipFile) -> str:
    main = _relations(book, "_rels/.rels", "").by_kind.get("officeDocument")
    if main is None:
        raise SheetError("the file", "is a zip, but no workbook; expected XLSX or CSV")
    return main


class _Relations:
    """Which part an id, or a kind of part, stands for."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.by_id: dict[str, str] = {}
        self.by_kind: dict[str, str] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        if name != "Relationship":
            return
        target = attributes.get("Target", "")
        part = target.lstrip("/") if target.startswith("/") else f"{self._folder}/{target}"
        part = part.removeprefix("/")
        self.by_id[attributes.get("Id", "")] = part
        self.by_kind.setdefault(attributes.get("Type", "").rpartition("/")[2], part)


def _relations(book: zipfile.ZipFile, part: str, folder: str) -> _Relations:
    found = _Relations(folder)
    if part.removeprefix("/") in book.namelist():
        _parse(book, part.removeprefix("/"), (found.start, _ignore, None))
    return found


class _Workbook:
    """The first visible sheet's relation, and from when its days are counted."""

    def __init__(self) -> None:
        self.sheet = ""
        self.is_1904 = False

    def handlers(self) -> Handlers:
        return self._start, _ignore, None

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "workbookPr":
            self.is_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet" and not self.sheet and attributes.get("state", "visible") == "visible":
            ids = (value for key, value in attributes.items() if key.rpartition(":")[2] == "id")
            self.sheet = next(ids, "")


class _Styles:
    """Which cell styles show a number as a date."""

    def __init__(self) -> None:
        self._own: dict[str, str] = {}
        self._formats: list[str] = []
        self._in_cells = False

    def handlers(self) -> Handlers:
        return self._start, self._end, None

    def date_styles(self) -> frozenset[str]:
        """Return the indexes of those styles, as cells write them."""
        return frozenset(
            str(at) for at, number in enumerate(self._formats) if self._is_date(number)
        )

    def _is_date(self, number: str) -> bool:
        code = self._own.get(number)
        if code is None:
            return number.isdecimal() and int(number) in _DATE_FORMATS
        return bool(set(_NOT_IN_DATES.sub("", code).casefold()) & set("dmyhs"))

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            self._own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._formats.append(attributes.get("numFmtId", "0"))

    def _end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False


class _SharedTexts:
    """The texts that cells refer to by number."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._pieces: list[str] | None = None
        self._in_text = False
        self._aside = 0  # in phonetic hints, which are not part of the text

    def handlers(self) -> Handlers:
        return self._start, self._end, self._chars

    def _start(self, name: str, _: Attributes) -> None:
        if name == "si":
            self._pieces = []
        elif name == "rPh":
            self._aside += 1
        elif name == "t":
            self._in_text = not self._aside

    def _end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._aside -= 1
        elif name == "si":
            if len(self.texts) >= MAX_SHARED_TEXTS:
                raise SheetError("the workbook", f"has more than {MAX_SHARED_TEXTS:,} texts")
            self.texts.append(_unescaped("".join(self._pieces or ())))

    def _chars(self, text: str) -> None:
        if self._in_text and self._pieces is not None:
            self._pieces.append(text)


class _Sheet:
    """The rows of one sheet, gathered as its XML is read."""

    def __init__(
        self,
        shared: list[str],
        date_styles: frozenset[str],
        *,
        max_columns: int,
        day_zero: datetime,
    ) -> None:
        self._shared = shared
        self._date_styles = date_styles
        self._max_columns = max_columns
        self._day_zero = day_zero
        self._column_of: dict[str, int] = {}
        self._numbers: dict[tuple[str, str], str] = {}
        self._done: list[tuple[int, list[str]]] = []
        self._row = 0
        self._cells: list[str] = []
        self._kind = self._style = ""
        self._at = -1
        self._pieces: list[str] | None = None
        self._aside = 0

    def handlers(self) -> Handlers:
        return self._start, self._end, self._chars

    def take(self) -> list[tuple[int, list[str]]]:
        """Return the rows that are complete, once."""
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: Attributes) -> None:
        # Called for every element of every cell: the most frequent is tested first.
        if name == "v":
            self._pieces = []
        elif name == "c":
            reference = attributes.get("r")
            self._at = self._at + 1 if reference is None else self._column(reference)
            if self._at >= self._max_columns:
                raise SheetError(f"row {self._row}", f"has more than {self._max_columns} cells")
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "")
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() and len(number) < 8 else self._row + 1
            if self._row > MAX_SHEET_ROW:
                raise SheetError(f"row {self._row}", "is beyond what a sheet can hold")
            self._cells, self._at = [], -1
        elif name == "t" and self._kind == "inlineStr" and not self._aside:
            self._pieces = []
        elif name == "rPh":
            self._aside += 1

    def _end(self, name: str) -> None:
        if self._pieces is not None:
            if name in ("v", "t"):
                self._put(self._pieces[0] if len(self._pieces) == 1 else "".join(self._pieces))
                self._pieces = None
        elif name == "row":
            if self._cells:
                self._done.append((self._row, self._cells))
        elif name == "rPh":
            self._aside -= 1

    def _chars(self, text: str) -> None:
        if self._pieces is not None:
            self._pieces.append(text)

    def _put(self, text: str) -> None:
        cells, at = self._cells, self._at
        value = self._value(text)
        if len(cells) == at:
            cells.append(value)
            return
        cells.extend([""] * (at + 1 - len(cells)))
        cells[at] += value  # The runs of a rich text come one by one.

    def _value(self, text: str) -> str:
        kind = self._kind
        if kind == "s":
            if not (text.isdecimal() and len(text) < 9 and int(text) < len(self._shared)):
                raise SheetError(f"row {self._row}", "refers to a text that is not there")
            return self._shared[int(text)]
        if kind == "n":
            # Memoised: prices, increments and dates repeat.
            known = self._numbers.get((text, self._style))
            if known is None:
                known = self._number(text)
                if len(self._numbers) < _MOST_REMEMBERED:
                    self._numbers[text, self._style] = known
            return known
        if kind == "b":
            return "yes" if text == "1" else "no"
        return _unescaped(text)

    def _number(self, text: str) -> str:
        if self._style in self._date_styles:
            return date_text(text, day_zero=self._day_zero)
        return plain_number(text)

    def _column(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        at = self._column_of.get(letters)
        if at is None:
            if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
                raise SheetError(f"row {self._row}", f'has a cell called "{reference[:20]}"')
            at = -1
            for letter in letters.upper():
                at = (at + 1) * 26 + ord(letter) - 65
            self._column_of[letters] = at
        return at


def _parse(book: zipfile.ZipFile, part: str, handlers: Handlers) -> None:
    """Feed a whole part of the book to *handlers*."""
    for _ in _parse_slowly(book, part, handlers):
        pass


def _parse_slowly(book: zipfile.ZipFile, part: str, handlers: Handlers) -> Iterator[None]:
    """Feed a part to *handlers*, pausing after each piece."""
    start, end, chars = handlers
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype

    def first(name: str, attributes: Attributes) -> None:
        # Names may carry a prefix for the namespace. Hardly any producer writes one, and taking
        # it off costs as much as reading a cell.
        if ":" in name:
            parser.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
            parser.EndElementHandler = lambda name: end(_local(name))
        else:
            parser.StartElementHandler = start
            parser.EndElementHandler = end
        start(_local(name), attributes)

    parser.StartElementHandler = first
    if chars is not None:
        parser.CharacterDataHandler = chars
    with book.open(part) as file:
        while piece := file.read(_CHUNK_BYTES):
            parser.Parse(piece, False)  # noqa: FBT003 - expat's own signature
            yield
    parser.Parse(b"", True)  # noqa: FBT003 - likewise


def _local(name: str) -> str:
    return name[name.find(":") + 1 :]


def _refuse_doctype(*_: object) -> None:
    raise SheetError("the workbook", "declares a document type, which no spreadsheet does")


def _ignore(_: str) -> None:
    """Ignore the end of an element."""


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
