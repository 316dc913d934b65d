"""JSON columns: the same values on both engines, whoever reads them."""

import pytest
from django.db import DatabaseError, transaction

from support.databases import Database, connection, door
from support.office import NOON
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import create_token, list_tokens
from tollbook.storage.db.current import current_alias
from tollbook.storage.db.sql import fetch_inside, from_json
from tollbook.storage.models import Budget, ServiceClass, Site
from tollbook.storage.policies.budget_use import UseKey, all_uses, budgets_of, open_uses


def add_budget(**columns: object) -> Budget:
    return Budget.objects.create(
        kind="owner", holder=7, limit_s=60, currency="EUR", zone="UTC", created_us=0, **columns
    )


def test_queries_of_our_own_read_what_models_have_stored(database: Database) -> None:
    with door.transaction():
        add_budget()
        add_budget(warn_at=[50, 90])

    (budgets,) = budgets_of([("owner", 7)]).values()
    with door.transaction():
        open_uses([UseKey(budget, 0, 1) for budget in budgets])

    assert [budget.warn_at for budget in budgets] == [(80, 100), (50, 90)]
    assert [budget for budget, _ in all_uses()] == budgets


def test_a_query_straight_from_the_driver_gives_text_too(database: Database) -> None:
    plan = {"country": "DE", "short_codes": {"701": 'Z\u00fcrich "1"'}}
    with door.transaction():
        Site.objects.create(name="A", zone="UTC", currency="EUR", created_us=0, dial_plan=plan)
        rows = fetch_inside("SELECT dial_plan FROM tollbook_site", ())

    assert [from_json(row[0]) for row in rows] == [plan]


def test_what_is_no_json_is_refused_by_the_database(database: Database) -> None:
    with door.transaction():
        ServiceClass.objects.create(name="A", hours=[{"name": "night"}])

    assert ServiceClass.objects.filter(hours__0__name="night").exists()
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(using=current_alias()),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE tollbook_service_class SET rules = %s", ("[",))


def test_tokens_are_found_by_a_part_of_a_scope(database: Database) -> None:
    create_token(scopes=["calls:read", "authorise"], name="A", by=Actor("admin", NOON))
    create_token(scopes=["recharge"], name="B", by=Actor("admin", NOON))

    assert [line.name for line in list_tokens(at=NOON, sought="CALLS:r")] == ["A"]
    assert [line.name for line in list_tokens(at=NOON, sought="char")] == ["B"]
