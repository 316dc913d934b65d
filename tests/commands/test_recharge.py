"""`tollbook recharge`: from a script, once for a key, with the statuses that scripts read."""

import json
from collections.abc import Callable

import pytest

from support.databases import Database
from support.office import open_office
from tollbook.cli import main
from tollbook.storage.billing.balances import HolderFilter, list_holders
from tollbook.storage.models import LedgerEntry, Owner

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(sqlite: Database, capsys: pytest.CaptureFixture[str]) -> Run:
    open_office(sqlite)

    def tollbook(*words: str) -> tuple[int, str, str]:
        status = main(["recharge", *words, "--data", str(sqlite.data_dir)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return tollbook


def test_several_are_recharged_and_the_balances_printed(run: Run) -> None:
    status, out, _ = run("--extension", "101", "--extension", "102", "--amount", "10.00")

    assert status == 0
    assert out.splitlines() == ["Amir[101]  0 + 10 = 10 EUR", "Berta[102]  0 + 10 = 10 EUR"]
    assert {one.balance_micros for one in list_holders(HolderFilter())} == {10_000_000}


def test_a_key_recharges_once(run: Run) -> None:
    words = ("--extension", "101", "--amount", "5", "--key", "till-1", "--json")
    first, again = run(*words), run(*words)

    assert (first[0], again[0]) == (0, 0)
    assert json.loads(again[1])["recharges"] == json.loads(first[1])["recharges"]
    assert json.loads(again[1])["repeated"] is True
    assert "nothing moved" in again[2]
    assert LedgerEntry.objects.count() == 1
    status, out, err = run("--extension", "101", "--amount", "6", "--key", "till-1")
    assert (status, out) == (1, "")
    assert "was used for another request" in err


def test_without_a_key_each_run_is_a_new_recharge(run: Run) -> None:
    for _ in range(2):
        assert run("--extension", "101", "--amount", "1")[0] == 0

    assert LedgerEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--extension", "999", "--amount", "1"), 'no extension "999"'),
        (("--owner", "nobody", "--amount", "1"), 'no owner "nobody"'),
        (("--extension", "101", "--amount", "0"), "more than 0"),
        (("--extension", "101", "--amount", "1,5"), "is no amount"),
        (("--extension", "101", "--amount", "1", "--site", "x"), 'no site "x"'),
        (("--amount", "1"), "required"),
        (("--extension", "101", "--owner", "x", "--amount", "1"), "not allowed with"),
    ],
)
def test_wrong_use_is_status_2_and_moves_nothing(
    run: Run, words: tuple[str, ...], told: str
) -> None:
    status, out, err = run(*words)

    assert (status, out) == (2, "")
    assert told in err
    assert not LedgerEntry.objects.exists()


def test_an_owner_is_recharged_by_name(run: Run) -> None:
    Owner.objects.create(name="Dr. Held")

    assert run("--owner", "Dr. Held", "--amount", "2.5")[:2] == (0, "Dr. Held  0 + 2.5 = 2.5 EUR\n")
