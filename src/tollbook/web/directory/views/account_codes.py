"""Account codes: the list, one code, a file of codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.account_code_form import MOST_OWN_NUMBERS, CodeRefused, CodeText
from tollbook.app.directory.account_codes import (
    CodeFilter,
    CodeInfo,
    count_codes,
    delete_code,
    find_code,
    fixed_length,
    list_codes,
    save_code,
)
from tollbook.app.directory.code_import import CodeReading, as_text, import_codes, read_codes
from tollbook.app.directory.owners import OwnerFilter, list_owners
from tollbook.app.words import counted
from tollbook.documents.table import Cell, Column
from tollbook.storage.db.installation import current
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import edited, form_page
from tollbook.web.frame.listing import Head, ListQuery, asked_of, choice, chosen_id, page_by
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, site_facts

HEADS = (
    Head("Account", "code"),
    Head("Description", "description"),
    Head("Owner", "owner"),
    Head("Restrict"),
    Head("Min", is_number=True),
    Head("Max", is_number=True),
    Head("Prefix"),
    Head("Allowed"),
    Head("Own numbers", is_number=True),
    Head("Active"),
)
EXPORTED = (
    "Account", "Description", "Owner", "Restrict", "Min", "Max", "Prefix", "Allowed", "Active",
    "Fee", "Unit", *(f"Number {place}" for place in range(1, MOST_OWN_NUMBERS + 1)),
)  # fmt: skip
FILTERS = ("owner", "active", "restrict")
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class CodeForm:
    """What was typed for a code, and what is wrong with which field."""

    text: CodeText
    faults: dict[str, str]


@needs(Permission.SEE_DIRECTORY)
@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """Show the codes that the filter holds."""
    asked = asked_of(request, filters=FILTERS, sort="code")
    wanted = _wanted(asked)
    listing = page_by(asked, HEADS, total=count_codes(wanted), read=partial(list_codes, wanted))
    context = {
        "list": listing,
        "owners": _owner_choices(),
        "owner": chosen_id(asked, "owner"),
        "length": fixed_length(),
    }
    return render(request, "tollbook/directory/codes.html", context)


@needs(Permission.SEE_DIRECTORY)
@require_safe
def codes_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all codes that the filter holds, in the columns that an import reads."""
    asked = asked_of(request, filters=FILTERS, sort="code")
    return list_file(
        "Account codes",
        columns=tuple(Column(title.lower().replace(" ", "_"), title) for title in EXPORTED),
        rows=_cells(_wanted(asked)),
        kind=kind,
    )


@needs(Permission.CHANGE_DIRECTORY)
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, code_id: int | None = None) -> HttpResponse:
    """Show one code, or an empty form; keep what was typed."""
    info = edited(find_code, code_id, "account code")
    form = CodeForm(CodeText(code="") if info is None else as_text(info), {})
    if request.method == "POST":
        text = _typed(request)
        try:
            save_code(
                text,
                by=by_of(request),
                code_id=code_id,
            )
        except CodeRefused as refused:
            form = CodeForm(text, refused.by_field)
        else:
            say(request, f"Code {text.code.strip()} is saved. Calls from now on follow it.")
            return redirect("codes")
    context = {
        "form": form,
        "info": info,
        "owners": _owner_choices(),
        "numbers": _number_fields(form.text),
        "length": fixed_length(),
        "fee_help": f"In {site_facts().currency}, its own line beside the charge; empty: none",
        # Lines beyond the first that is empty are folded away.
        "open_from": max(2, len(form.text.numbers) + 2),
    }
    return form_page(request, "tollbook/directory/code.html", context, refused=form.faults)


@needs(Permission.CHANGE_DIRECTORY)
@require_POST
def delete(request: HttpRequest, code_id: int) -> HttpResponse:
    """Delete a code that was never used."""
    try:
        if not delete_code(code_id, by=by_of(request)):
            raise Http404("no such account code")
    except CodeRefused as refused:
        say(request, f"Not deleted: {refused.faults[0].message}.", level="warn")
        return redirect("code", code_id)
    say(request, "The code is deleted.")
    return redirect("codes")


@needs(Permission.CHANGE_DIRECTORY)
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Read a file of codes, show what it would change, and take it when that is confirmed."""
    reading: CodeReading | None = None
    text, fault = request.POST.get("text", ""), ""
    upload = request.FILES.get("file")
    if request.method == "POST":
        limit = current().settings.max_upload_mb * 1_000_000
        if upload is not None and (upload.size or 0) > limit:
            fault = f"The file is larger than {current().settings.max_upload_mb} MB."
        elif upload is None and not text:
            fault = "Choose a file first."
        else:
            data = text.encode() if upload is None else upload.read()
            if request.POST.get("do") == "import":
                done = _import(request, data)
                if not done.faults:
                    return redirect("codes")
                reading = done
            else:
                reading = read_codes(data, length=fixed_length())
            text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    wrong = bool(fault or (reading and reading.faults))
    context = {
        "reading": reading,
        "changes": reading.changes[:MOST_SHOWN] if reading else (),
        "changed": len(reading.changes) - reading.new if reading else 0,
        "left_off": max(0, len(reading.changes) - MOST_SHOWN) if reading else 0,
        "text": text,
        "fault": fault,
        "columns": ", ".join(EXPORTED[:11]) + ", Number 1 … 9",
    }
    return form_page(request, "tollbook/directory/import_codes.html", context, refused=wrong)


def _import(request: HttpRequest, data: bytes) -> CodeReading:
    done = import_codes(data, length=fixed_length(), by=by_of(request))
    if not done.faults:
        changed = len(done.changes) - done.new
        added = counted(done.new, "code")
        say(request, f"{added} added, {changed:,} changed, {done.unchanged:,} as they were.")
    return done


def _wanted(asked: ListQuery) -> CodeFilter:
    return CodeFilter(
        q=asked.q,
        owner=chosen_id(asked, "owner"),
        active=choice(asked, "active"),
        restrict=choice(asked, "restrict"),
        sort=asked.sort,
    )


def _owner_choices() -> list[tuple[int, str, bool]]:
    return [(owner.id, owner.name, owner.active) for owner in list_owners(OwnerFilter())]


def _typed(request: HttpRequest) -> CodeText:
    given = request.POST
    texts = {
        key: given.get(key, "")[:5_000]
        for key in (
            "code", "description", "owner", "minimum", "maximum", "blocked", "allowed", "fee",
            "fee_unit_s",
        )
    }  # fmt: skip
    numbers = tuple(
        f"{number.strip()} {label.strip()}".strip()
        for number, label in zip(given.getlist("number"), given.getlist("label"), strict=False)
        if number.strip()
    )
    return CodeText(
        **texts,
        restrict=given.get("restrict") == "1",
        active=given.get("active") == "1",
        numbers=numbers,
    )


def _number_fields(text: CodeText) -> list[tuple[int, str, str]]:
    """Return place, number and label of each of the nine lines of the form."""
    given = [number.partition(" ") for number in text.numbers[:MOST_OWN_NUMBERS]]
    given += [("", "", "")] * (MOST_OWN_NUMBERS - len(given))
    return [(place, number, label) for place, (number, _, label) in enumerate(given, start=1)]


def _cells(wanted: CodeFilter) -> Iterator[tuple[Cell, ...]]:
    for info in list_codes(wanted):
        yield tuple(_written(info))


def _written(info: CodeInfo) -> Iterator[str]:
    text = as_text(info)
    yield from (text.code, text.description, text.owner, _yes_no(text.restrict))
    yield from (text.minimum, text.maximum, text.blocked, text.allowed, _yes_no(text.active))
    yield from (text.fee, text.fee_unit_s)
    yield from (*text.numbers, *[""] * (MOST_OWN_NUMBERS - len(text.numbers)))


def _yes_no(truth: bool) -> str:  # noqa: FBT001 - what it writes
    return "yes" if truth else "no"
