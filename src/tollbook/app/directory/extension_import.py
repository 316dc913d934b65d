"""Adds extensions: one from a form, many from a sheet with number, name, department and e-mail.

Extensions are otherwise found from calls. Billing begins as the site has it (ZYC-12: off).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import Change, record_changes
from tollbook.documents.cells import unguarded
from tollbook.documents.sheet_reading import SheetError, sheet_rows
from tollbook.storage.db.installation import door
from tollbook.storage.models import Department, Extension, Site

COLUMNS = ("number", "name", "department", "email")
MOST_ROWS = 5_000
_LONGEST = {"number": 64, "name": 120, "department": 120, "email": 254}
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class ExtensionLine:
    """One extension to add or to complete; an empty text leaves what is there."""

    number: str
    name: str = ""
    department: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line that cannot be taken: its 1-based row and what is wrong."""

    row: int
    message: str


@dataclass(frozen=True, slots=True)
class ExtensionsImported:
    """What became of the lines, and the departments that had to be made."""

    added: int
    changed: int
    unchanged: int
    departments: tuple[str, ...]


def read_sheet(file: BinaryIO) -> tuple[ExtensionLine, ...] | tuple[LineFault, ...]:
    """Return the extensions of a CSV or XLSX sheet, or its faults, at most some.

    The first row names the columns, in any order; number is needed. Nothing is half taken.
    """
    try:
        rows = [(row, cells) for row, cells in sheet_rows(file) if any(map(str.strip, cells))]
    except SheetError as fault:
        return (LineFault(0, f"{fault}."),)
    if not rows:
        return (LineFault(1, "there is no row. Begin with number,name,department,email."),)
    heads = [cell.strip().lower() for cell in rows[0][1]]
    wrong = _faulty_heads(heads)
    if wrong:
        return (LineFault(rows[0][0], wrong),)
    if len(rows) - 1 > MOST_ROWS:
        words = f"there are {len(rows) - 1:,} rows, at most {MOST_ROWS:,} at once."
        return (LineFault(rows[-1][0], words),)
    lines: list[ExtensionLine] = []
    faults: list[LineFault] = []
    seen: dict[str, int] = {}
    for row, cells in rows[1:]:
        texts = {
            head: unguarded(cell.strip())
            for head, cell in zip(heads, cells, strict=False)
            if head in COLUMNS
        }
        wrong = _faulty_texts(texts) or _twice(texts.get("number", ""), seen)
        if wrong:
            faults.append(LineFault(row, wrong))
            continue
        seen[texts["number"]] = row
        lines.append(ExtensionLine(**texts))
    return tuple(faults[:_MOST_FAULTS]) or tuple(lines)


def faulty_line(line: ExtensionLine) -> str:
    """Return what is wrong with an extension to be added; "" if nothing is."""
    return _faulty_texts({name: getattr(line, name) for name in COLUMNS})


def is_known(site_id: int, number: str) -> bool:
    """Say whether the site has an extension of that number."""
    return Extension.objects.filter(site_id=site_id, number=number).exists()


def plan_import(site_id: int, lines: Sequence[ExtensionLine]) -> ExtensionsImported:
    """Return what importing *lines* would come to."""
    known = {row.number: row for row in Extension.objects.filter(site_id=site_id)}
    names = dict(Department.objects.filter(site_id=site_id).values_list("name", "pk"))
    changed = sum(
        line.number in known and bool(_differing(known[line.number], line, names)) for line in lines
    )
    added = sum(line.number not in known for line in lines)
    return ExtensionsImported(
        added, changed, len(lines) - added - changed, _new_departments(lines, names)
    )


def import_extensions(
    site_id: int, lines: Sequence[ExtensionLine], by: Actor
) -> ExtensionsImported:
    """Add and complete extensions of a site in one transaction; missing departments are made."""
    notes: list[Change] = []
    added = 0
    with door().transaction():
        site = Site.objects.get(pk=site_id)
        known = {
            row.number: row for row in Extension.objects.select_for_update().filter(site_id=site_id)
        }
        names = dict(Department.objects.filter(site_id=site_id).values_list("name", "pk"))
        missing = _new_departments(lines, names)
        for name in missing:
            names[name] = Department.objects.create(site_id=site_id, name=name).pk
        for line in lines:
            row = known.get(line.number)
            if row is None:
                row = Extension.objects.create(
                    site_id=site_id,
                    number=line.number,
                    name=line.name,
                    email=line.email,
                    department_id=names.get(line.department),
                    billing=site.bills_new,
                )
                added += 1
                notes.append(Change(str(row.pk), None, _told(line)))
                continue
            differing = _differing(row, line, names)
            if differing:
                before = {column: getattr(row, column) for column in differing}
                for column, value in differing.items():
                    setattr(row, column, value)
                row.save(update_fields=sorted(differing))
                notes.append(Change(str(row.pk), before, differing))
        record_changes(notes, by, "extension.import", object_type="extension")
    return ExtensionsImported(added, len(notes) - added, len(lines) - len(notes), missing)


def _differing(
    row: Extension, line: ExtensionLine, departments: Mapping[str, int]
) -> dict[str, object]:
    """Return the columns that *line* gives another value; a new department has no id yet."""
    wanted: dict[str, object] = {}
    if line.name and line.name != row.name:
        wanted["name"] = line.name
    if line.email and line.email != row.email:
        wanted["email"] = line.email
    if line.department and departments.get(line.department) != row.department_id:
        wanted["department_id"] = departments.get(line.department)
    if line.department and line.department not in departments:
        wanted["department_id"] = None
    return wanted


def _new_departments(lines: Sequence[ExtensionLine], names: Mapping[str, int]) -> tuple[str, ...]:
    named = {line.department for line in lines if line.department}
    return tuple(sorted(named.difference(names)))


def _told(line: ExtensionLine) -> dict[str, str]:
    return {name: getattr(line, name) for name in COLUMNS if getattr(line, name)}


def _faulty_heads(heads: Sequence[str]) -> str:
    unknown = [head for head in heads if head and head not in COLUMNS]
    if unknown:
        return f'there is no column "{unknown[0][:40]}". Known: {", ".join(COLUMNS)}.'
    if "number" not in heads:
        return f"no column is called number. Name the columns: {', '.join(COLUMNS)}."
    if len(set(heads)) < len(heads):
        return "a column is named twice."
    return ""


def _faulty_texts(texts: Mapping[str, str]) -> str:
    number = texts.get("number", "")
    if not number or any(letter.isspace() for letter in number):
        return f'"{number[:40]}" is no number of an extension: give digits, without spaces.'
    for name, text in texts.items():
        if len(text) > _LONGEST[name]:
            return f"{name} has {len(text)} characters, at most {_LONGEST[name]}."
        if not text.isprintable():
            return f"{name} holds a character that cannot be shown."
    return ""


def _twice(number: str, seen: Mapping[str, int]) -> str:
    return f"{number[:40]} stands in row {seen[number]} already." if number in seen else ""
