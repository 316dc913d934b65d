"""The currency of a site: a label until money has moved, then it stays (ZYC-46, AMB-24)."""

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.faults import RequestRefused
from tollbook.storage.db.installation import door
from tollbook.storage.models import LedgerEntry, LedgerHold, Site

SIGNS = {"USD": "$", "CNY": "¥", "EUR": "€", "GBP": "£"}
NO_CURRENCY = "XXX"  # ISO 4217's own word for none: shown as ¤.
CHOICES = (
    ("USD", "USD ($)"),
    ("CNY", "CNY (¥)"),
    ("EUR", "EUR (€)"),
    ("GBP", "GBP (£)"),
    ("other", "Other (¤)"),
)


def sign_of(currency: str) -> str:
    """Return the sign of a currency: its own, else its code.

    >>> sign_of("EUR"), sign_of("CHF"), sign_of("XXX")
    ('€', 'CHF', '¤')
    """
    return "¤" if currency == NO_CURRENCY else SIGNS.get(currency, currency)


def is_currency_fixed() -> bool:
    """Say whether money was booked, so that no site may have another currency any more."""
    return LedgerEntry.objects.exists()


def set_currency(site_id: int, currency: str, by: Actor) -> RequestRefused | None:
    """Give a site another currency, or say why not; None: it has it now.

    Nothing is converted, so it is refused once the ledger holds an entry or a hold.
    """
    code = currency.strip().upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        words = f'"{currency[:40]}" is no currency. Write its three letters, as CHF.'
        return RequestRefused("currency.malformed", "currency", words)
    with door().transaction():
        site = Site.objects.select_for_update().get(pk=site_id)
        if site.currency == code:
            return None
        if LedgerEntry.objects.exists() or LedgerHold.objects.exists():
            return RequestRefused(
                "currency.in_use",
                "currency",
                f"money was booked in {site.currency} already, and a label cannot convert it. "
                "Nothing was changed. Begin a new installation, or leave it as it is.",
            )
        before, site.currency = site.currency, code
        site.save(update_fields=["currency"])
        record_change(
            by,
            "site.currency",
            of=("site", site_id),
            before={"currency": before},
            after={"currency": code},
        )
    return None


def bill_new_extensions(site_id: int, by: Actor, *, bills_new: bool) -> bool:
    """Say whether billing is on for extensions met or added from now on; return if that is new."""
    with door().transaction():
        site = Site.objects.select_for_update().get(pk=site_id)
        if site.bills_new == bills_new:
            return False
        site.bills_new = bills_new
        site.save(update_fields=["bills_new"])
        record_change(
            by,
            "site.bills_new",
            of=("site", site_id),
            before={"bills_new": not bills_new},
            after={"bills_new": bills_new},
        )
    return True
