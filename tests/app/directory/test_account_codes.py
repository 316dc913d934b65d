"""Account codes and owners: what may be kept, what history forbids, and a file of codes."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.batches import calls_batch, make_office
from support.databases import Database, door
from support.effort import examples
from tollbook.app.access.actor import Actor
from tollbook.app.directory.account_code_form import CodeRefused, CodeText
from tollbook.app.directory.account_codes import (
    CodeFilter,
    code_infos,
    codes_matching,
    delete_code,
    find_code,
    save_code,
)
from tollbook.app.directory.code_import import import_codes, read_codes
from tollbook.app.directory.owners import OwnerRefused, delete_owner, find_owner, save_owner
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models import AccountCode, AuditLog, Call, Owner, Site

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HEADER = b"Account,Description,Owner,Restrict,Min,Max,Prefix,Allowed,Active,Fee,Unit,Number 1\n"


def save(text: CodeText, *, code_id: int | None = None) -> int:
    return save_code(text, by=Actor("ann", NOW, "10.0.0.9"), code_id=code_id)


def own(name: str = "Weber & Partner", *, active: bool = True, email: str = "") -> int:
    return save_owner(name=name, email=email, active=active, by=Actor("ann", NOW))


def codes() -> list[str]:
    return [info.code for info in code_infos(codes_matching(CodeFilter()))]


def test_a_code_keeps_what_was_written_and_its_own_numbers_in_order(database: Database) -> None:
    own()
    text = CodeText(
        code="1234",
        description="Estate of Müller",
        owner="Weber & Partner",
        restrict=True,
        minimum="4",
        maximum="32",
        blocked="801, 004,920988",
        allowed="8016",
        fee="120.00",
        fee_unit_s="360",
        numbers=("+4930123456 office", "0171234"),
    )

    info = find_code(save(text))

    assert info is not None
    assert (info.code, info.owner, info.minimum, info.maximum) == ("1234", "Weber & Partner", 4, 32)
    assert (info.blocked, info.allowed) == ("801, 004, 920988", "8016")
    assert (info.fee, info.fee_unit_s) == ("120", 360)
    assert [(n.number, n.label) for n in info.numbers] == [
        ("+4930123456", "office"),
        ("0171234", ""),
    ]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (CodeText(code=""), "code"),
        (CodeText(code="12a"), "code"),
        (CodeText(code="9" * 65), "code"),
        (CodeText(code="1", owner="Nobody"), "owner"),
        (CodeText(code="1", minimum="-1"), "minimum"),
        (CodeText(code="1", minimum="9", maximum="4"), "maximum"),
        (CodeText(code="1", maximum="9" * 40), "maximum"),
        (CodeText(code="1", blocked="80x"), "blocked"),
        (CodeText(code="1", fee="1e9"), "fee"),
        (CodeText(code="1", fee="-1"), "fee"),
        (CodeText(code="1", fee="0.00001"), "fee"),
        (CodeText(code="1", fee_unit_s="0"), "fee_unit_s"),
        (CodeText(code="1", numbers=("12;drop",)), "numbers"),
        (CodeText(code="1", numbers=tuple("1234567890")), "numbers"),
        (CodeText(code="1", description="a\nb"), "description"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(
    database: Database, text: CodeText, field: str
) -> None:
    with pytest.raises(CodeRefused) as refused:
        save(text)

    assert [fault.field for fault in refused.value.faults] == [field]
    assert codes() == []


def test_a_new_code_has_the_fixed_length_and_an_old_one_may_stay(database: Database) -> None:
    make_office()
    first = save(CodeText(code="12"))
    Site.objects.update(code_length=4)

    with pytest.raises(CodeRefused, match="codes here have 4"):
        save(CodeText(code="123"))
    assert save(CodeText(code="1234")) != first


def test_only_an_active_owner_can_be_chosen_but_the_one_it_has_stays(database: Database) -> None:
    owner_id = own()
    code_id = save(CodeText(code="1", owner="Weber & Partner"))
    save_owner(
        name="Weber & Partner", email="", active=False, by=Actor("ann", NOW), owner_id=owner_id
    )

    save(CodeText(code="1", owner="Weber & Partner", description="still"), code_id=code_id)
    with pytest.raises(CodeRefused, match="no active owner"):
        save(CodeText(code="2", owner="Weber & Partner"))


def test_a_code_is_there_once(database: Database) -> None:
    save(CodeText(code="1"))
    other = save(CodeText(code="2"))

    with pytest.raises(CodeRefused, match="there is a code 1 already"):
        save(CodeText(code="1"), code_id=other)


def test_a_code_with_calls_is_not_deleted_and_one_without_is(database: Database) -> None:
    here = make_office()
    used, unused = save(CodeText(code="71")), save(CodeText(code="72"))
    with door.transaction():
        store_calls(calls_batch(here, 0, 1))
        Call.objects.update(account_code_ref=used)

    with pytest.raises(CodeRefused, match="switch it off"):
        delete_code(used, by=Actor("ann", NOW))
    assert delete_code(unused, by=Actor("ann", NOW))
    assert not delete_code(unused, by=Actor("ann", NOW))
    assert "72" not in codes()


def test_every_change_says_who_what_before_and_after(database: Database) -> None:
    code_id = save(CodeText(code="1"))
    save(CodeText(code="1", description="new"), code_id=code_id)

    line = AuditLog.objects.filter(object_type="account_code").latest("id")
    assert (line.actor, line.action, line.address) == ("ann", "code.change", "10.0.0.9")
    assert '"description": ""' in line.before
    assert '"description": "new"' in line.after


@pytest.mark.parametrize("email", ["nobody", "a@b@c", "a@example.com, x"])
def test_an_owner_with_a_wrong_address_is_refused(database: Database, email: str) -> None:
    with pytest.raises(OwnerRefused, match="is no e-mail address"):
        own(email=email)


def test_an_owner_may_have_several_addresses_and_is_counted_with_its_codes(
    database: Database,
) -> None:
    owner_id = own(email="a@example.com; b@example.com")
    save(CodeText(code="1", owner="Weber & Partner"))

    info = find_owner(owner_id)
    assert info is not None
    assert (info.email, info.codes) == ("a@example.com, b@example.com", 1)
    with pytest.raises(OwnerRefused, match="switch it off"):
        delete_owner(owner_id, by=Actor("ann", NOW))
    assert Owner.objects.filter(pk=owner_id).exists()


def import_file(data: bytes) -> tuple[int, int, int]:
    done = import_codes(data, length=0, by=Actor("ann", NOW))
    assert not done.faults, done.faults
    return done.new, len(done.changes) - done.new, done.unchanged


def test_a_file_adds_changes_and_leaves_alone(database: Database) -> None:
    own()
    row = b'100,Alpha,Weber & Partner,yes,4,12,"801, 004",,yes,90.5,60,0301234 desk\n'

    assert import_file(HEADER + row + b"200,Beta,,no,,,,,no,,,\n") == (2, 0, 0)
    assert import_file(HEADER + row + b"200,Gamma,,no,,,,,no,,,\n") == (0, 1, 1)
    assert import_file(b"Description;Account\r\nDelta;200\r\n") == (0, 1, 0)
    found = code_infos(codes_matching(CodeFilter(q="delta")))
    assert [(info.code, info.active) for info in found] == [("200", False)]
    assert codes() == ["100", "200"]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "no column Account"),
        (b"Name\n1\n", 1, 'column "Name" is not known'),
        (b"Account,Account\n1,1\n", 1, "there twice"),
        (b"Account,Restrict\n1,perhaps\n", 2, "yes or no"),
        (b"Account\n1\n1\n", 3, "in line 2 already"),
        (b"Account\n1,2\n", 2, "2 cells"),
        (b"Account,Owner\n7,Nobody\n", 2, "no active owner"),
        (b"Account\n=cmd|'/c calc'!A0\n", 2, "is no code"),
        (b"PK\x03\x04\x00\x00", 1, "is not known"),
        (b'Account\n"1\n', 2, "unexpected end"),
    ],
)
def test_a_file_with_a_fault_changes_nothing_and_says_where(
    database: Database, data: bytes, line: int, words: str
) -> None:
    save(CodeText(code="500"))

    done = import_codes(data, length=0, by=Actor("ann", NOW))

    assert done.faults[0].line == line
    assert words in done.faults[0].message
    assert codes() == ["500"]


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_no_bytes_break_the_reading(sqlite: Database, data: bytes) -> None:
    reading = read_codes(HEADER + data, length=0)

    assert not (reading.changes and reading.faults)


def test_the_codes_of_an_office_can_be_searched(database: Database) -> None:
    own()
    save(CodeText(code="11", description="Alpha", owner="Weber & Partner"))
    save(CodeText(code="12", description="100% beta", active=False))

    assert [row.code for row in codes_matching(CodeFilter(q="weber"))] == ["11"]
    assert [row.code for row in codes_matching(CodeFilter(q="0%"))] == ["12"]
    assert [row.code for row in codes_matching(CodeFilter(active=True))] == ["11"]
    assert [row.code for row in codes_matching(CodeFilter(sort="-code"))] == ["12", "11"]
    assert AccountCode.objects.count() == 2
