"""Rate decks: upload a carrier's sheet, choose its columns, compare, publish; download one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from tollbook.app.access.actor import Actor
from tollbook.app.access.roles import Permission
from tollbook.app.reports.period import PeriodError, moment
from tollbook.app.tariffs.deck_mappings import known_carriers, remember_layout
from tollbook.app.tariffs.decks import (
    DeckBase,
    DeckDraft,
    DeckLook,
    DeckRefused,
    base_in_force,
    compare_deck,
    draft_deck,
    look_at_deck,
    new_base,
    publish_deck,
)
from tollbook.app.tariffs.overview import list_tariffs, open_tariff
from tollbook.app.tariffs.publish import Faulty
from tollbook.app.words import counted, sentence
from tollbook.documents.deck import CellTooLong, deck_csv, deck_xlsx
from tollbook.storage.db.installation import current
from tollbook.web.frame.files import XLSX
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page, present
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import address_of, instant, site_facts, user_of
from tollbook.web.frame.row_ids import row_id
from tollbook.web.frame.streaming import download
from tollbook.web.tariffs.pages.deck import (
    DATE_ORDERS,
    DeckForm,
    ShownPreview,
    begins_words,
    faulty_preview,
    field_choices,
    read_form,
    sample_rows,
    shown_columns,
    shown_preview,
)
from tollbook.web.tariffs.pages.deck_uploads import DeckUpload, find_upload, forget, put_aside

FORM_KEYS = ("tariff", "carrier", "name", "currency", "zone")


@needs(Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def import_deck(request: HttpRequest) -> HttpResponse:
    """Ask for a deck and what it is for, look at it, and put it aside."""
    source = request.POST if request.method == "POST" else request.GET
    given = {key: source.get(key, "").strip()[:120] for key in FORM_KEYS}
    fault = ""
    if request.method == "POST":
        try:
            return redirect("deck", _take(request, given).id)
        except DeckRefused as refusal:
            fault = str(refusal)
        except OSError as refusal:
            fault = f"The file cannot be put aside ({refusal.strerror}). Check the disk."
    site = site_facts()
    form = {
        **given,
        "currency": given["currency"] or site.currency,
        "zone": given["zone"] or site.zone_name,
        "fault": sentence(fault),
        "tariffs": [(str(line.id), line.name) for line in list_tariffs(at=instant())],
        "carriers": known_carriers(),
        "max_mb": current().settings.max_upload_mb,
    }
    return form_page(request, "tollbook/tariffs/import_deck.html", {"form": form}, refused=fault)


@needs(Permission.CHANGE_TARIFFS)
@require_http_methods(["GET", "HEAD", "POST"])
def deck(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Choose a deck's columns; see what it changes; publish it."""
    upload = present(find_upload(upload_id, user_id=user_of(request).pk), "deck")
    with upload.path.open("rb") as file:
        look = look_at_deck(file, carrier=upload.carrier)
        if request.method != "POST":
            return _page(request, upload, look, DeckForm(look.suggested.layout))
        form = read_form(cast("Mapping[str, str]", request.POST), len(look.rows[0]))
        return _answer(request, _RequestedDeck(upload, look, file), form)


@needs(Permission.SEE_TARIFFS)
@require_safe
def deck_file(request: HttpRequest, tariff_id: int, number: int, kind: str) -> HttpResponseBase:
    """Send a version's rates as a deck that imports again."""
    opened = present(open_tariff(tariff_id, number=number), "tariff or version")
    tariff = opened.tariff
    name = f"{slugify(tariff.name) or 'tariff'}-{number}.{kind}"
    if kind == "csv":
        return download(deck_csv(tariff.rates), name=name, content_type="text/csv; charset=utf-8")
    try:
        pieces = deck_xlsx(tariff.rates, title=tariff.name, zone=site_facts().zone)
    except CellTooLong as fault:
        say(request, f"{fault}.", level="warn")
        return redirect("tariff_version", tariff_id, number)
    return download(pieces, name=name, content_type=XLSX)


@dataclass(frozen=True, slots=True)
class _RequestedDeck:
    """The deck that a request is about."""

    upload: DeckUpload
    look: DeckLook
    file: BinaryIO


def _take(request: HttpRequest, given: Mapping[str, str]) -> DeckUpload:
    """Put an upload aside once it is known to be a table. Raises DeckRefused and OSError."""
    file = request.FILES.get("file")
    if file is None:
        raise DeckRefused("there is no file. Choose one.")
    tariff_id = row_id(given["tariff"])
    if tariff_id is None:
        base = new_base(given["name"], currency=given["currency"], zone=given["zone"])
    else:
        base = base_in_force(tariff_id, at=instant())
    carrier = given["carrier"] or base.tariff.name
    sheet = cast("BinaryIO", file.file)
    look_at_deck(sheet, carrier=carrier)
    sheet.seek(0)
    return put_aside(
        sheet,
        user_id=user_of(request).pk,
        file_name=(file.name or "deck")[:200],
        carrier=carrier,
        tariff_id=tariff_id,
        name=base.tariff.name,
        currency=base.tariff.currency,
        zone=base.tariff.zone,
    )


def _answer(request: HttpRequest, deck: _RequestedDeck, form: DeckForm) -> HttpResponse:
    """Preview the deck, or publish it if this very deck was previewed."""
    upload, look = deck.upload, deck.look
    try:
        valid_from = moment(form.valid_from, zone=site_facts().zone) if form.valid_from else None
        base = _base(upload, at=valid_from or instant())
    except (PeriodError, DeckRefused) as fault:
        return _page(request, upload, look, form, fault=str(fault))
    digest = form.digest(base)
    publishing = request.POST.get("do") == "publish"
    if publishing and request.POST.get("seen") != digest:
        publishing = False
        say(request, "Something was changed since the preview. Look at it again.", level="warn")
    draft = draft_deck(deck.file, form.layout, base, amends=form.amends)
    if draft.tariff is None:
        return _page(request, upload, look, form, preview=faulty_preview(draft))
    if publishing:
        return _publish(request, deck, form, draft, base, valid_from)
    changes = compare_deck(base, draft.tariff, at=valid_from or instant())
    site = site_facts()
    begins = begins_words(
        valid_from.astimezone(site.zone) if valid_from else None,
        is_first=base.version_id is None,
        zone_name=site.zone_name,
    )
    preview = shown_preview(draft, changes, base, digest=digest, begins=begins)
    return _page(request, upload, look, form, preview=preview)


def _publish(
    request: HttpRequest,
    deck: _RequestedDeck,
    form: DeckForm,
    draft: DeckDraft,
    base: DeckBase,
    valid_from: datetime | None,
) -> HttpResponse:
    if draft.tariff is None:
        raise TypeError("a deck with faults has no tariff to publish")
    at = instant()
    came = publish_deck(
        draft.tariff,
        base,
        by=Actor(user_of(request).get_username(), at, address_of(request)),
        valid_from=valid_from,
    )
    if isinstance(came, Faulty):
        refused = DeckDraft(None, draft.rows, came.faults, len(came.faults))
        return _page(request, deck.upload, deck.look, form, preview=faulty_preview(refused))
    header = form.layout.header_row
    headings = deck.look.rows[header - 1] if 0 < header <= len(deck.look.rows) else ()
    remember_layout(form.layout, headings, carrier=deck.upload.carrier, at=at)
    forget(deck.upload)
    if came.is_new:
        say(
            request,
            f"{came.name}: version {came.number} is published, {counted(draft.rows, 'rate')}.",
        )
    else:
        say(request, f"{came.name}: version {came.number} holds these very rates already.")
    return redirect("tariff_version", came.tariff_id, came.number)


def _base(upload: DeckUpload, *, at: datetime) -> DeckBase:
    if upload.tariff_id is None:
        return new_base(upload.name, currency=upload.currency, zone=upload.zone)
    return base_in_force(upload.tariff_id, at=at)


def _page(
    request: HttpRequest,
    upload: DeckUpload,
    look: DeckLook,
    form: DeckForm,
    *,
    preview: ShownPreview | None = None,
    fault: str = "",
) -> HttpResponse:
    layout = form.layout
    context = {
        "upload": upload,
        "form": form,
        "options": layout.options,
        "columns": shown_columns(look, layout),
        "rows": sample_rows(look, layout),
        "fields": field_choices(),
        "date_orders": DATE_ORDERS,
        "remembered": look.suggested.remembered,
        "preview": preview,
        "fault": fault,
    }
    refused = fault or (preview is not None and not preview.may_publish)
    return form_page(request, "tollbook/tariffs/deck.html", context, refused=refused)
