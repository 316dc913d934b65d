"""Exchange rates: the central bank's file read safely, the right rate for a call's local day."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.databases import Database
from support.office import NOON
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.ecb_rates import EcbError, read_ecb
from tollbook.app.pricing.exchange_rates import RatesAdded, RateTable, add_ecb, add_rate
from tollbook.storage.models import AuditLog, ExchangeRate
from tollbook.storage.pricing.exchange_rates import RateQuery, count_rates, each_rate, find_rates

DAILY = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
	<gesmes:subject>Reference rates</gesmes:subject>
	<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
	<Cube>
		<Cube time='2026-10-30'>
			<Cube currency='USD' rate='1.0934'/>
			<Cube currency='JPY' rate='163.52'/>
		</Cube>
		<Cube time='2026-10-29'>
			<Cube currency='USD' rate='1.0890'/>
			<Cube currency='RUB' rate='N/A'/>
		</Cube>
	</Cube>
</gesmes:Envelope>
"""


def day(text: str) -> date:
    return date.fromisoformat(text)


def by_hand(source: str, target: str, rate: str, on: str) -> None:
    added = add_rate(source=source, target=target, rate=rate, day=day(on), by=Actor("test", NOON))
    assert isinstance(added, RatesAdded)


def test_the_bank_s_layout_is_read_with_its_days() -> None:
    assert [tuple(map(str, row)) for row in read_ecb(DAILY.encode())] == [
        ("EUR", "USD", "2026-10-30", "1.0934"),
        ("EUR", "JPY", "2026-10-30", "163.52"),
        ("EUR", "USD", "2026-10-29", "1.0890"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1.0934", "1,0934", "the rate of USD"),
        ("1.0934", "NaN", "the rate of USD"),
        ("1.0934", "1e400", "the rate of USD"),
        ("1.0934", "0", "expected more than zero"),
        ("1.0934", "-1", "expected more than zero"),
        ("'USD' rate='1.0934'", "'usd' rate='1.0934'", "three capitals"),
        ("'USD' rate='1.0934'", "'EUR' rate='1'", "three capitals"),
        ("2026-10-30", "30.10.2026", "no date"),
        (" time='2026-10-30'", "", "stands in no"),
        ("2026-10-29", "2026-10-30", "stands twice"),
        ("</gesmes:Envelope>", "", "not well-formed"),
        (
            "<gesmes:subject>",
            "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><gesmes:subject>",
            "not well",
        ),
        ("<gesmes:Envelope", "<!DOCTYPE x><gesmes:Envelope", "document type"),
        ("Reference", "&xxe;", "not well-formed"),
        ('encoding="UTF-8"', 'encoding="no-such-thing"', "unknown encoding"),
    ],
)
def test_what_the_bank_never_writes_is_refused_whole(old: str, new: str, said: str) -> None:
    with pytest.raises(EcbError, match=said):
        read_ecb(DAILY.replace(old, new, 1).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"<a>" * 100_000,
        b"<Cube/>",
        b"PK\x03\x04",
        b"<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]><Cube>&lol2;</Cube>",
        b"<Cube>" + b" " * 33_000_000 + b"</Cube>",
    ],
)
def test_hostile_files_are_refused(raw: bytes) -> None:
    with pytest.raises(EcbError):
        read_ecb(raw)


def test_the_same_file_again_adds_nothing_and_is_not_audited(database: Database) -> None:
    first = add_ecb(DAILY.encode(), by=Actor("test", NOON))
    again = add_ecb(DAILY.encode(), by=Actor("test", NOON))

    assert (first.count, first.new, again.new) == (3, 3, 0)
    assert (ExchangeRate.objects.count(), AuditLog.objects.count()) == (3, 1)


def test_the_rate_of_the_day_or_the_last_before_it_holds(database: Database) -> None:
    by_hand("USD", "EUR", "0.90", "2026-10-01")
    by_hand("USD", "EUR", "0.92", "2026-10-05")
    by_hand("USD", "EUR", "0.93", "2026-10-05")  # a correction: the one given last
    table = RateTable()

    found = [table.rate("USD", "EUR", day(f"2026-{text}")) for text in ("09-30", "10-04", "10-05")]

    assert [(one.rate, str(one.on)) if one else None for one in found] == [
        None,
        (Decimal("0.90"), "2026-10-01"),
        (Decimal("0.93"), "2026-10-05"),
    ]
    assert not find_rates(RateQuery(from_day=day("2026-10-06")))
    assert count_rates(RateQuery()) == 2
    assert [one.in_force for one in each_rate(RateQuery(superseded=True, sort="rate"))] == [
        True, False, True,
    ]  # fmt: skip


def test_a_pair_that_is_not_given_follows_from_its_reverse_or_through_the_euro(
    database: Database,
) -> None:
    by_hand("EUR", "USD", "1.1", "2026-10-01")
    by_hand("EUR", "CHF", "0.93", "2026-10-02")
    table = RateTable()

    reverse = table.rate("USD", "EUR", day("2026-10-03"))
    crossed = table.rate("USD", "CHF", day("2026-10-03"))
    too_early = table.rate("USD", "CHF", day("2026-10-01"))

    assert reverse is not None
    assert crossed is not None
    assert reverse.rate == Decimal("0.909090909091")  # 1 / 1.1 to twelve digits
    assert crossed.rate == Decimal("0.845454545455")  # 0.93 / 1.1
    assert (str(reverse.on), str(crossed.on)) == ("2026-10-01", "2026-10-01")
    assert too_early is None


def test_a_rate_given_outright_goes_before_one_that_follows_on_the_same_day(
    database: Database,
) -> None:
    by_hand("EUR", "USD", "1.1", "2026-10-01")
    by_hand("USD", "EUR", "0.5", "2026-10-01")
    by_hand("EUR", "USD", "1.25", "2026-10-02")
    table = RateTable()

    first = table.rate("USD", "EUR", day("2026-10-01"))
    second = table.rate("USD", "EUR", day("2026-10-02"))

    assert first is not None
    assert second is not None
    assert (first.rate, second.rate) == (Decimal("0.5"), Decimal("0.8"))


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda t: t.encode(errors="ignore")))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    try:
        rows = read_ecb(raw)
    except EcbError:
        return
    assert rows


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 9_000), st.sampled_from(["USD", "CHF", "JPY"])),
        st.decimals(Decimal("0.0001"), Decimal(9_999), places=4),
        min_size=1,
        max_size=30,
    )
)
def test_a_file_gives_back_what_was_written(rates: dict[tuple[int, str], Decimal]) -> None:
    first = day("1999-01-04")
    cubes = "".join(
        f"<Cube time='{first + timedelta(days=after)}'>"
        f"<Cube currency='{currency}' rate='{rate}'/></Cube>"
        for (after, currency), rate in rates.items()
    )

    rows = read_ecb(f"<Envelope><Cube>{cubes}</Cube></Envelope>".encode())

    assert {((row.day - first).days, row.target): Fraction(row.rate) for row in rows} == {
        key: Fraction(rate) for key, rate in rates.items()
    }
