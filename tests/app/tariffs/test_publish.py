"""Tariffs: published whole or not at all, versioned, and assigned in an order."""

from datetime import timedelta

import pytest

from support.databases import Database
from support.factories import make_pbx, make_site, make_trunk
from support.office import NOON, TARIFF
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.load_pbx_rules import load_rules
from tollbook.app.tariffs.assign import (
    AssignmentRefused,
    Scope,
    assign_tariff,
    list_assignments,
    unassign,
)
from tollbook.app.tariffs.publish import Faulty, Published, list_tariffs, publish_tariff
from tollbook.core.instants import to_us
from tollbook.storage.models import (
    AuditLog,
    Tariff,
    TariffAssignment,
    TariffVersion,
    Trunk,
)

OTHER = {**TARIFF, "name": "Carrier B"}


def published(document: dict[str, object] = TARIFF, **options: object) -> Published:
    done = publish_tariff(document, by=Actor("clerk", NOON), **options)  # type: ignore[arg-type]
    assert isinstance(done, Published)
    return done


def test_the_first_version_serves_all_calls_and_the_first_tariff_everybody(
    database: Database,
) -> None:
    done = published()

    assert (done.number, done.is_new, done.is_default) == (1, True, True)
    assert TariffVersion.objects.get().valid_from_us == 0
    assert [one.is_default for one in list_assignments()] == [True]
    assert AuditLog.objects.filter(actor="clerk", action="tariff.publish").count() == 1


def test_the_same_document_again_is_the_same_version(sqlite: Database) -> None:
    first, again = published(), published()

    assert (again.is_new, again.version_id) == (False, first.version_id)
    assert TariffVersion.objects.count() == 1


def test_a_later_version_takes_effect_from_now_or_when_said(sqlite: Database) -> None:
    published()
    second = published({**TARIFF, "rounding": {"rule": "up", "decimals": 2}})
    third = published(valid_from=NOON + timedelta(days=1))

    assert (second.number, second.valid_from) == (2, NOON)
    assert (third.number, third.valid_from) == (3, NOON + timedelta(days=1))
    assert [one.newest_number for one in list_tariffs()] == [3]


def test_a_faulty_document_changes_nothing(database: Database) -> None:
    done = publish_tariff({**TARIFF, "colour": "red"}, by=Actor("clerk", NOON))

    assert isinstance(done, Faulty)
    assert [fault.place for fault in done.faults] == ["colour"]
    assert not Tariff.objects.exists()


def test_a_tariff_keeps_its_currency(sqlite: Database) -> None:
    published()

    done = publish_tariff({**TARIFF, "currency": "USD"}, by=Actor("clerk", NOON))

    assert isinstance(done, Faulty)
    assert TariffVersion.objects.count() == 1


def test_another_tariff_is_the_default_only_when_asked(sqlite: Database) -> None:
    published()

    assert not published(OTHER).is_default
    assert published(OTHER, default=True).is_default
    assert [one.tariff for one in list_assignments()] == ["Carrier B"]


def test_assignments_stand_in_the_order_given_and_the_default_behind_all(
    database: Database,
) -> None:
    tariff = published().tariff_id
    trunk = a_trunk()
    last = assign_tariff(tariff, Scope(trunk=trunk.pk), by=Actor("clerk", NOON))
    first = assign_tariff(
        tariff, Scope(source_ip="192.0.2.1"), by=Actor("clerk", NOON), before=last
    )

    assert [one.id for one in list_assignments()][:2] == [first, last]
    assert list_assignments()[2].is_default
    rules = load_rules(trunk.pbx_id)
    assert [(one.source_ip, one.trunk) for one in rules.assignments] == [
        ("192.0.2.1", ""),
        ("", "Line 1"),
        ("", ""),
    ]


def test_assignments_of_another_pbx_are_not_ours(sqlite: Database) -> None:
    tariff = published().tariff_id
    trunk = a_trunk()
    other = make_pbx("Other", site=trunk.pbx.site)
    assign_tariff(tariff, Scope(trunk=trunk.pk), by=Actor("clerk", NOON))

    assert [one.trunk for one in load_rules(other.pk).assignments] == [""]


@pytest.mark.parametrize(
    "scope",
    [Scope(trunk=99), Scope(extension=99), Scope(valid_from=NOON, valid_to=NOON)],
)
def test_an_assignment_that_can_never_fit_is_refused(sqlite: Database, scope: Scope) -> None:
    tariff = published().tariff_id

    with pytest.raises(AssignmentRefused):
        assign_tariff(tariff, scope, by=Actor("clerk", NOON))

    assert TariffAssignment.objects.count() == 1


def test_an_assignment_is_removed_once(sqlite: Database) -> None:
    tariff = published().tariff_id
    made = assign_tariff(tariff, Scope(), by=Actor("clerk", NOON))

    assert unassign(made, by=Actor("clerk", NOON))
    assert not unassign(made, by=Actor("clerk", NOON))


def test_rules_read_a_version_once(sqlite: Database) -> None:
    published()
    pbx = a_trunk().pbx_id
    before = load_rules(pbx)
    published(valid_from=NOON)

    after = load_rules(pbx, known=before)

    (versions,) = after.versions.values()
    assert [version.valid_from_us for version in versions] == [0, to_us(NOON)]
    (known,) = before.versions.values()
    assert versions[0] is known[0]


def a_trunk() -> Trunk:
    return make_trunk("Line 1", pbx=make_pbx("Reception", site=make_site("Here")))
