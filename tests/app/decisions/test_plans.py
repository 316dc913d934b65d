"""Plans in the decision: free seconds are held like money, and no discount is assumed unearned."""

from datetime import timedelta

from support.databases import Database, door
from support.deciding import authorise, release, settle
from support.office import Call, Office
from support.planned import add
from support.prepaid import CENT, NOW, PARIS, asking, balance, open_prepaid
from tollbook.app.decisions.decider import Answer, Release, Settlement
from tollbook.app.upkeep.doctor import examine
from tollbook.core.policies import Reason
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import Extension

ZONE = "Europe/Berlin"
GIFT: dict[str, object] = {
    "zone": ZONE,
    "bundle": [{"name": "gift", "seconds": 120, "position": 1, "every": "month"}],
}
HOUSE: dict[str, object] = {
    "zone": ZONE,
    "bundle": [{"name": "house", "seconds": 120, "position": 1, "every": "month", "shared": True}],
}
VOLUME: dict[str, object] = {
    "zone": ZONE,
    "volume_discount": [
        {
            "name": "volume",
            "tiers": [{"from": "0", "percent": "0"}, {"from": "0.2", "percent": "50"}],
        }
    ],
}
TAX: dict[str, object] = {"zone": ZONE, "tax": [{"name": "VAT", "percent": "100"}]}


def allowed(answer: Answer) -> int:
    assert answer.allowed, answer.reason
    assert answer.limit_s is not None
    return answer.limit_s


def open_with(
    database: Database, plan: dict[str, object], *, cents: int, longest_s: int | None = None
) -> Office:
    """Make the office with a plan, 101 with its money, and a longest call if one is given."""
    office = open_prepaid(database, cents=cents)
    add(plan)
    with door.transaction():
        Extension.objects.update(call_limit_s=longest_s)
    return office


def test_free_seconds_come_before_the_money(database: Database) -> None:
    open_with(database, GIFT, cents=18)

    # 120 s are free, then 0.18 pays 280 s as it does without a plan.
    assert allowed(authorise(asking())) == 400
    assert balance() == (18 * CENT, 18 * CENT)


def test_free_seconds_that_a_call_holds_are_not_there_for_the_next(database: Database) -> None:
    open_with(database, GIFT, cents=20, longest_s=60)

    held = []
    for key in ("k1", "k2", "k3", "k4"):
        assert allowed(authorise(asking(key))) == 60
        held.append(balance()[1])

    # Two calls take the 120 s between them; the third and fourth pay a minute each.
    assert held == [0, 0, 10 * CENT, 20 * CENT]
    assert authorise(asking("k5")).reason is Reason.NO_MONEY


def test_free_seconds_come_back_from_a_call_that_did_not_come_about(database: Database) -> None:
    # RUL-07 wants some money; these 0.05 pay no minute.
    open_with(database, GIFT, cents=5, longest_s=120)
    assert allowed(authorise(asking("k1"))) == 120
    assert authorise(asking("k2")).reason is Reason.NO_MONEY

    release(Release("k1", NOW + timedelta(seconds=20)))

    assert allowed(authorise(asking("k3"))) == 120


def test_free_seconds_that_a_call_has_spent_are_nobody_elses_before_its_record_comes(
    database: Database,
) -> None:
    office = open_with(database, GIFT, cents=5, longest_s=120)
    authorise(asking("k1"))
    done = settle(Settlement("k1", NOW + timedelta(seconds=50), 45))
    assert not done.charge

    asked = asking("k2", at=NOW + timedelta(minutes=1))
    assert allowed(authorise(asked)) == 75
    release(Release("k2", NOW + timedelta(minutes=2)))
    office.receive([Call(1, NOW, talk_s=45, dialled=PARIS)], at=NOW + timedelta(minutes=3))

    # The record counts them now, and once.
    asked = asking("k3", at=NOW + timedelta(minutes=4))
    assert allowed(authorise(asked)) == 75
    assert all(one.is_sound for one in examine())


def test_shared_free_seconds_are_held_for_everybody(database: Database) -> None:
    open_with(database, HOUSE, cents=10, longest_s=120)
    with door.transaction():
        Extension.objects.update(billing=True)

    assert allowed(authorise(asking("k1"))) == 120
    assert balance()[1] == 0
    assert authorise(asking("k2", caller="102")).reason is Reason.NO_MONEY
    # 101 has money of its own for a minute.
    assert allowed(authorise(asking("k3"))) == 60


def test_a_discount_that_is_not_yet_earned_is_not_assumed(database: Database) -> None:
    open_with(database, VOLUME, cents=40)

    # Undiscounted, 0.40 pays 60 s and 15 times 55 s; half the price beyond 0.20 would pay more.
    assert allowed(authorise(asking())) == 60 + 15 * 55


def test_a_discount_that_is_earned_is(database: Database) -> None:
    office = open_with(database, VOLUME, cents=60)
    # 0.10 and twelve times 0.02: 0.34, of which 0.14 are beyond the first tier and cost half.
    office.receive(
        [Call(1, NOW - timedelta(hours=2), talk_s=60 + 12 * 55, dialled=PARIS)],
        at=NOW - timedelta(hours=1),
    )
    left = balance()[0]
    assert left == 60 * CENT - 27 * CENT

    # All of this call costs half: 0.05 for the first minute, 0.01 for each 55 s.
    assert allowed(authorise(asking())) == 60 + 28 * 55
    assert balance() == (left, left)


def test_a_tax_of_the_plan_is_held_too(database: Database) -> None:
    open_with(database, TAX, cents=20)

    # The price with tax is 0.20 for a minute: the sample's 0.10 and as much again.
    assert allowed(authorise(asking())) == 60
    assert balance() == (20 * CENT, 20 * CENT)


def test_the_record_charges_what_the_hold_was_made_for(database: Database) -> None:
    office = open_with(database, GIFT, cents=18)
    authorise(asking("k1", switch_call_id="1700000007.7"))

    office.receive([Call(7, NOW, talk_s=180, dialled=PARIS)], at=NOW + timedelta(minutes=4))

    # 120 s are free, the minute beyond costs 0.10; nothing stays held, of money or of seconds.
    assert balance() == (8 * CENT, 0)
    assert verify_balances() == []
    assert all(one.is_sound for one in examine())
