"""What the site says about money: its currency, and whether new extensions are billed (ZYC-46)."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from tollbook.app.access.roles import Permission
from tollbook.app.directory.currency import (
    CHOICES,
    NO_CURRENCY,
    SIGNS,
    bill_new_extensions,
    is_currency_fixed,
    set_currency,
)
from tollbook.app.directory.sites import SiteFacts
from tollbook.app.faults import RequestRefused
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, site_facts

OTHER = "other"


@dataclass(frozen=True, slots=True)
class MoneyForm:
    """What was chosen; `code` are the three letters of another currency, or empty."""

    currency: str
    code: str
    bills_new: bool
    fault: str = ""


@needs(Permission.SEE_SETTINGS, to_change=Permission.CHANGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def money_settings(request: HttpRequest) -> HttpResponse:
    """Show and keep the site's currency and its default of billing."""
    site = site_facts()
    form = _form_of(site)
    if request.method == "POST":
        form = MoneyForm(
            request.POST.get("currency", ""),
            request.POST.get("code", "").strip()[:20],
            request.POST.get("bills_new") == "1",
        )
        wanted = (form.code or NO_CURRENCY) if form.currency == OTHER else form.currency
        refused = set_currency(site.id, wanted, by_of(request))
        if refused is None:
            bill_new_extensions(site.id, by_of(request), bills_new=form.bills_new)
            say(request, "The settings of money are saved.")
            return redirect("money_settings")
        form = _refused(form, refused)
    context = {
        "form": form,
        "choices": CHOICES,
        "is_fixed": is_currency_fixed(),
    }
    return form_page(request, "tollbook/directory/money_settings.html", context, refused=form.fault)


def _form_of(site: SiteFacts) -> MoneyForm:
    known = site.currency in SIGNS
    return MoneyForm(
        currency=site.currency if known else OTHER,
        code="" if known or site.currency == NO_CURRENCY else site.currency,
        bills_new=site.bills_new,
    )


def _refused(form: MoneyForm, refused: RequestRefused) -> MoneyForm:
    words = refused.message[:1].upper() + refused.message[1:]
    return MoneyForm(form.currency, form.code, form.bills_new, words)
