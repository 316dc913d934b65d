"""Adding one extension, or many from a sheet whose effects are shown first."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from tollbook.app.access.roles import Permission
from tollbook.app.directory.choices import department_names
from tollbook.app.directory.extension_import import (
    COLUMNS,
    ExtensionLine,
    ExtensionsImported,
    LineFault,
    faulty_line,
    import_extensions,
    is_known,
    plan_import,
    read_sheet,
)
from tollbook.app.words import sentence
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, site_facts

MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would come to, with the lines for the form that confirms it."""

    planned: ExtensionsImported
    lines: Sequence[ExtensionLine]
    text: str

    @property
    def total(self) -> int:
        """How many extensions would be added or changed."""
        return self.planned.added + self.planned.changed


@needs(Permission.CHANGE_DIRECTORY)
@require_http_methods(["GET", "HEAD", "POST"])
def add_extension(request: HttpRequest) -> HttpResponse:
    """Add one extension."""
    site = site_facts()
    form = {name: request.POST.get(name, "").strip()[:300] for name in COLUMNS}
    fault = ""
    if request.method == "POST":
        line = ExtensionLine(**form)
        fault = faulty_line(line)
        if not fault and is_known(site.id, line.number):
            fault = f"There is an extension {line.number} already. Edit it in the list."
        if not fault:
            import_extensions(site.id, [line], by_of(request))
            say(request, f"Extension {line.number} is added.")
            return redirect("extensions")
    context = {
        "form": form,
        "fault": sentence(fault),
        "departments": department_names(site.id),
    }
    return form_page(request, "tollbook/directory/add_extension.html", context, refused=fault)


@needs(Permission.CHANGE_DIRECTORY)
@require_http_methods(["GET", "HEAD", "POST"])
def import_sheet(request: HttpRequest) -> HttpResponse:
    """Read a sheet, show what it changes, and take it."""
    if request.method != "POST":
        return _page(request)
    text = request.POST.get("text")
    upload = request.FILES.get("file")
    if text is None and (upload is None or (upload.size or 0) > MOST_BYTES):
        words = f"choose a sheet of at most {MOST_BYTES // 1_000_000} MB."
        return _page(request, faults=[LineFault(0, words)])
    raw = upload.read() if text is None and upload is not None else (text or "").encode()
    lines = read_sheet(io.BytesIO(raw))
    if not _all_good(lines):
        return _page(request, faults=[one for one in lines if isinstance(one, LineFault)])
    site = site_facts()
    if text is None:
        planned = plan_import(site.id, lines)
        return _page(request, preview=Preview(planned, lines[:50], _written(lines)))
    done = import_extensions(site.id, lines, by_of(request))
    say(
        request,
        f"{done.added:,} added, {done.changed:,} changed, {done.unchanged:,} as they were.",
    )
    return redirect("extensions")


def _all_good(
    lines: tuple[ExtensionLine, ...] | tuple[LineFault, ...],
) -> TypeGuard[tuple[ExtensionLine, ...]]:
    return all(isinstance(one, ExtensionLine) for one in lines)


def _written(lines: Sequence[ExtensionLine]) -> str:
    """Return *lines* as the sheet that the form sends back."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(line, name) for name in COLUMNS] for line in lines)
    return text.getvalue()


def _page(
    request: HttpRequest, *, preview: Preview | None = None, faults: Sequence[LineFault] = ()
) -> HttpResponse:
    context = {"preview": preview, "faults": faults, "columns": ", ".join(COLUMNS)}
    return form_page(request, "tollbook/directory/import_extensions.html", context, refused=faults)
