"""The sample office's money: who pays for calls, and what was paid in over the three months.

The main house is prepaid and tops up on the first of each month; partners in the annex are billed
later and have credit; the rest is paid by nobody, as it is before anybody switches billing on.
It all goes the way that real money goes, under keys, so that an office that was broken off and
made on gets nothing twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tollbook.app.access.actor import Actor
from tollbook.app.billing.recharge import Booked, Gift, Purpose, post_gift, undo_entries
from tollbook.app.directory.extensions import change_holders
from tollbook.app.directory.holder_fields import FieldValue
from tollbook.app.faults import RequestRefused
from tollbook.core.money import MICRO
from tollbook.demo.folder import DemoError
from tollbook.demo.office import ASTERISK, THREECX, Office
from tollbook.storage.models import Department, Extension, LedgerEntry, Site

ACTOR = "demo"
BOOKKEEPER = "bill-office"
MONTHLY = 20
CREDIT = 60
SELDOM_PAYING = 6  # of the main house, the last ones: billing was never switched on for them


@dataclass(frozen=True, slots=True)
class Booking:
    """One recharge or adjustment: of whom, how much, when and why."""

    numbers: tuple[str, ...]
    amount: int
    at: datetime
    key: str
    reason: str = ""
    purpose: Purpose = "recharge"


def open_accounts(office: Office, *, ends: datetime) -> None:
    """Switch billing on and pay in what was paid in before *ends*, oldest first."""
    site_id = Site.objects.order_by("id").values_list("pk", flat=True)[0]
    ids = dict(Extension.objects.filter(site_id=site_id).values_list("number", "pk"))
    prepaid = [person.extension for person in office.behind(ASTERISK)[:-SELDOM_PAYING]]
    postpaid = [person.extension for person in office.behind(THREECX)[:8]]
    begins = ends - timedelta(days=93)
    _set([ids[number] for number in prepaid], {"billing": True}, at=begins)
    later: dict[str, FieldValue] = {
        "billing": True,
        "payment_type": "postpaid",
        "credit_micros": CREDIT * MICRO,
    }
    _set([ids[number] for number in postpaid], later, at=begins)
    _set([ids[prepaid[-1]]], {"locked": True}, at=ends - timedelta(days=2))
    departments = list(Department.objects.order_by("pk").values_list("pk", flat=True)[:1])
    change_holders("department", departments, {"billing": True}, _by(begins))
    for booking in sorted(_bookings(prepaid, ends), key=lambda one: one.at):
        _post(booking, ids)


def _bookings(prepaid: list[str], ends: datetime) -> Iterator[Booking]:
    """Yield the bookings: the same for all each month, and what went wrong in between."""
    for months in (3, 2, 1):
        at = ends - timedelta(days=31 * months)
        yield Booking(tuple(prepaid), MONTHLY, at, f"month-{months}")
    busy, sorry = prepaid[2], prepaid[4]
    yield Booking((busy,), 40, ends - timedelta(days=12), "busy", "runs the auction in spring")
    yield Booking((sorry,), 200, ends - timedelta(days=9, minutes=30), "slip", "typed a 0 too many")
    yield Booking(
        (sorry,), 20, ends - timedelta(days=9), "mended", "what the slip should have been"
    )
    yield Booking(
        (prepaid[7],),
        -5,
        ends - timedelta(days=5),
        "private",
        "private calls settled in cash",
        "adjustment",
    )


def _post(booking: Booking, ids: Mapping[str, int]) -> None:
    gift = Gift(
        kind="extension",
        ids=tuple(ids[number] for number in booking.numbers),
        amount_micros=booking.amount * MICRO,
        sender="demo",
        key=booking.key,
        reason=booking.reason,
        purpose=booking.purpose,
    )
    done = _done(post_gift(gift, _by(booking.at, BOOKKEEPER)))
    if (
        booking.key == "slip"
        and not LedgerEntry.objects.filter(reverses_id=done.movements[0].entry_id).exists()
    ):
        undone_at = booking.at + timedelta(minutes=4)
        entries = [done.movements[0].entry_id]
        _done(undo_entries(entries, _by(undone_at, BOOKKEEPER), reason=booking.reason))


def _done(answer: Booked | RequestRefused) -> Booked:
    if isinstance(answer, RequestRefused):
        raise DemoError(f"the sample's money: {answer.message}")
    return answer


def _set(ids: list[int], changes: Mapping[str, FieldValue], *, at: datetime) -> None:
    change_holders("extension", ids, changes, _by(at))


def _by(at: datetime, actor: str = ACTOR) -> Actor:
    return Actor(actor, at)
