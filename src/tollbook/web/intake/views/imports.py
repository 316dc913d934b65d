"""Importing a file by upload: the form, the work as it goes on, what came of it."""

from dataclasses import dataclass
from typing import BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.directory.pbxs import PbxInfo, PbxRefused, add_pbx, list_pbxs
from tollbook.app.intake.imported_files import ImportedFile, imported_files
from tollbook.core.calendar import zone_names
from tollbook.formats import detect, list_formats, load_definition
from tollbook.storage.db.installation import current
from tollbook.web.frame.forms import form_page, present
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import instant, user_of
from tollbook.web.intake.pages.import_jobs import RUNNING, ImportJob, begin_import, find_job

PAST_SHOWN = 10
DETECT_BYTES = 256 * 1024
COUNT_WORDS = {
    "records": "Records read",
    "calls": "New calls",
    "duplicates": "Known already",
    "parts": "Parts of calls of several records",
    "skips": "Skipped (headers, blank lines)",
    "rejects": "Rejected, now in quarantine",
}
FORM_KEYS = ("pbx", "format", "zone")


@dataclass(frozen=True, slots=True)
class PastImport:
    """A file that was imported before."""

    file: ImportedFile
    calls_href: str
    rejects_href: str


@dataclass(frozen=True, slots=True)
class ShownJob:
    """An import as its page shows it."""

    id: str
    name: str
    pbx: str
    format: str
    is_running: bool
    fault: str
    done_mb: str
    total_mb: str
    percent: int
    finding: str
    counts: tuple[tuple[str, int], ...]
    rejects: int
    calls_href: str
    rejects_href: str


@needs(Permission.CHANGE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Ask for a file, and begin its import."""
    given = {key: request.POST.get(key, "").strip()[:200] for key in FORM_KEYS}
    fault = ""
    if request.method == "POST":
        came = _begin(request, given)
        if isinstance(came, ImportJob):
            return redirect("import_job", came.id)
        fault = came
    pbxs = [pbx.name for pbx in list_pbxs()]
    form = {
        **given,
        "pbx": given["pbx"] or (pbxs[0] if len(pbxs) == 1 else ""),
        "fault": fault,
        "max_mb": current().settings.max_upload_mb,
        "pbxs": pbxs,
        "formats": [(info.name, info.title) for info in list_formats()],
    }
    context = {"form": form, "imports": _past()}
    return form_page(request, "tollbook/intake/import.html", context, refused=fault)


@needs(Permission.CHANGE_RECORDS)
@require_safe
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Show how far an import is, or what came of it."""
    found = present(find_job(job_id), "import")
    return render(request, "tollbook/intake/import_job.html", {"job": _shown(found)})


def _begin(request: HttpRequest, given: dict[str, str]) -> ImportJob | str:
    """Begin the import and return its job, or why not."""
    upload = request.FILES.get("file")
    if upload is None:
        return "There is no file. Choose one."
    name = given["format"] or _detected(upload)
    if name not in {info.name for info in list_formats()}:
        return (
            "No format reads this file. Look whether it is the PBX's record file, or choose its "
            "format by hand and see in quarantine what is wrong with its lines."
        )
    if given["zone"] and given["zone"] not in zone_names():
        return f'"{given["zone"]}" is no time zone. Write it as Europe/Berlin.'
    pbx = _pbx(request, given["pbx"])
    if isinstance(pbx, str):
        return pbx
    try:
        return begin_import(
            cast("BinaryIO", upload.file),
            name=upload.name or "upload",
            pbx=pbx,
            definition=load_definition(name),
            zone=given["zone"] or None,
        )
    except OSError as fault:
        return f"The file cannot be put aside ({fault.strerror}). Check the disk, then try again."


def _detected(upload: "UploadedFile[bytes]") -> str:
    """Return the format that reads the file best, "" if none does."""
    head = upload.read(DETECT_BYTES)
    upload.seek(0)
    found = detect(head)
    return found[0].format if found else ""


def _pbx(request: HttpRequest, name: str) -> PbxInfo | str:
    """Return the PBX called *name*, made if there is none, or why not."""
    known = next((pbx for pbx in list_pbxs() if pbx.name == name), None)
    if known is not None:
        return known
    made = add_pbx(name=name, at=instant(), actor=user_of(request).get_username())
    return made.message if isinstance(made, PbxRefused) else made


def _past() -> list[PastImport]:
    found = []
    for row in imported_files(at_most=PAST_SHOWN):
        only = urlencode({"source": row.source_id})
        calls, rejects = reverse("calls"), reverse("quarantine")
        found.append(PastImport(row, f"{calls}?{only}", f"{rejects}?{only}"))
    return found


def _shown(found: ImportJob) -> ShownJob:
    total = max(1, found.total_bytes)
    only = urlencode({"pbx": _pbx_id(found.pbx)})
    return ShownJob(
        id=found.id,
        name=found.name,
        pbx=found.pbx,
        format=found.format,
        is_running=found.state == RUNNING,
        fault=found.fault,
        done_mb=f"{found.done_bytes // 100_000 / 10}",
        total_mb=f"{total // 100_000 / 10}",
        percent=100 * found.done_bytes // total,
        finding=_finding(found),
        counts=tuple((words, found.counts.get(key, 0)) for key, words in COUNT_WORDS.items()),
        rejects=found.counts.get("rejects", 0),
        calls_href=f"{reverse('calls')}?{only}",
        rejects_href=reverse("quarantine"),
    )


def _pbx_id(name: str) -> int:
    return next((pbx.pbx_id for pbx in list_pbxs() if pbx.name == name), 0)


def _finding(found: ImportJob) -> str:
    if found.known_since:
        return "This very file was imported before: no new call"
    calls = found.counts.get("calls", 0)
    said = "1 new call" if calls == 1 else f"{calls:,} new calls"
    return f"{said}, {found.unrated:,} of them unrated" if found.unrated else said
