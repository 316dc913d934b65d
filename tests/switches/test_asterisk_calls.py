"""A real Asterisk, real SIP calls on loopback: asked, allowed, cut, recorded, charged once."""

import asyncio
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from support import sipp
from support.asterisk import Asterisk, running_asterisk

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.xdist_group("asterisk")]

_calls = count(1)

# A cent for each begun second: five cents are five seconds of talk.
TARIFF = {
    "name": "By the second",
    "currency": "EUR",
    "zone": "Europe/Berlin",
    "rate": [
        {"prefix": "49", "slots": [{"from_s": 0, "price": "0.01", "per_s": 1, "increment_s": 1}]}
    ],
}
PLAN = {"country": "DE", "national_prefix": "0", "international_prefix": "00"}
SETUP = """
import json, sys
from pathlib import Path
from datetime import UTC, datetime
from tollbook.wiring.start import open_installation
opened = open_installation(data_dir=Path(sys.argv[1]))
from tollbook.app.directory.pbxs import add_pbx
from tollbook.storage.models import AccountCode, Extension, Site
door, at = opened.door, opened.now()
with door.transaction():
    site = Site.objects.get()
    site.zone, site.currency, site.dial_plan = "Europe/Berlin", "EUR", json.loads(sys.argv[2])
    site.save()
    for number in ("100", "101"):
        Extension.objects.create(site=site, number=number, name="Ann", billing=True)
    AccountCode.objects.create(code="1234", description="Smith v. Jones")
add_pbx(name="Asterisk", at=at, actor="test")
"""


@dataclass(slots=True)
class Bench:
    """An Asterisk, an installation that answers it, and a carrier behind both."""

    asterisk: Asterisk
    data: Path
    folder: Path
    control: "subprocess.Popen[bytes]"
    phones: list[sipp.Party] = field(default_factory=list)

    def tollbook(self, *words: str, ok: tuple[int, ...] = (0,)) -> str:
        """Run one command of the program on this installation."""
        ended = run("-m", "tollbook", *words, "--data", str(self.data))
        assert ended.returncode in ok, ended.stderr
        return ended.stdout

    def call(self, extension: str, dialled: str, **how: object) -> sipp.Party:
        """Place a call and return the telephone that placed it."""
        nth = next(_calls)
        phone = sipp.call(
            self.folder / f"phone{nth}",
            extension,
            dialled,
            pbx_port=self.asterisk.sip,
            **how,  # type: ignore[arg-type]
        )
        self.phones.append(phone)
        return phone

    def balance(self, extension: str) -> Decimal:
        """Return what an extension has, as `tollbook doctor` and the screens read it."""
        told = run("-c", BALANCE, str(self.data), extension)
        assert told.returncode == 0, told.stderr
        return Decimal(told.stdout.strip())

    def records(self, count: int) -> None:
        """Wait until Asterisk has written so many records, then import them."""
        until(lambda: self.asterisk.records.exists() and len(lines(self.asterisk.records)) >= count)
        self.tollbook(
            *("import", str(self.asterisk.records), "--format", "asterisk-csv"),
            *("--pbx", "Asterisk", "--zone", "UTC"),
            ok=(0, 1),
        )


RECHARGE = """
import sys
from pathlib import Path
from tollbook.wiring.start import open_installation
opened = open_installation(data_dir=Path(sys.argv[1]))
from tollbook.app.access.actor import Actor
from tollbook.app.billing.recharge import Booked, Gift, post_gift, read_amount
from tollbook.storage.models import Extension
extension = Extension.objects.get(number=sys.argv[2])
gift = Gift("extension", (extension.pk,), read_amount(sys.argv[3]), sender="test", key="1")
assert isinstance(post_gift(gift, Actor("test", opened.now())), Booked)
"""
BALANCE = """
import sys
from pathlib import Path
from tollbook.wiring.start import open_installation
open_installation(data_dir=Path(sys.argv[1]))
from tollbook.core.money import from_micros
from tollbook.storage.models import Account, Balance, Extension
extension = Extension.objects.get(number=sys.argv[2])
row = Balance.objects.filter(account__kind="extension", account__name=str(extension.pk)).first()
print(from_micros(row.balance_micros - row.held_micros) if row else 0)
"""


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if key[:9] != "TOLLBOOK_"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def until(is_so: Callable[[], bool], *, within_s: float = 20) -> None:
    """Wait until *is_so*, and fail where it never is."""
    late = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < late, "it did not come about"
        time.sleep(0.05)


def listens(port: int) -> bool:
    async def knock() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    return asyncio.run(knock())


@pytest.fixture(scope="module")
def asterisk() -> Iterator[Asterisk]:
    with running_asterisk() as started:
        yield started


@pytest.fixture
def bench(asterisk: Asterisk, tmp_path: Path) -> Iterator[Bench]:
    data = tmp_path / "data"
    made = run("-c", SETUP, str(data), json.dumps(PLAN))
    assert made.returncode == 0, made.stderr
    tariff = tmp_path / "tariff.json"
    tariff.write_text(json.dumps(TARIFF))
    period = ("--from", "2020-01-01T00:00:00Z", "--data", str(data))
    priced = run("-m", "tollbook", "tariff", "add", str(tariff), "--default", *period)
    assert priced.returncode == 0, priced.stderr
    asterisk.records.unlink(missing_ok=True)
    control = start_control(asterisk, data)
    carrier = sipp.start_carrier(tmp_path / "carrier", port=asterisk.carrier)
    bench = Bench(asterisk, data, tmp_path, control)
    try:
        yield bench
    finally:
        for party in (*bench.phones, carrier):
            party.stop()
        control.kill()
        control.wait()
        until(lambda: asterisk.calls_now() == 0)


def start_control(asterisk: Asterisk, data: Path) -> "subprocess.Popen[bytes]":
    """Start the process that answers the switch, and wait until it does."""
    words = ["control", "--data", str(data), "--port", str(asterisk.agi)]
    environment = {key: value for key, value in os.environ.items() if key[:9] != "TOLLBOOK_"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    control = subprocess.Popen(
        [sys.executable, "-m", "tollbook", *words], env=environment, stderr=subprocess.DEVNULL
    )
    until(lambda: listens(asterisk.agi))
    return control


def recharge(bench: Bench, amount: str, extension: str = "100") -> None:
    done = run("-c", RECHARGE, str(bench.data), extension, amount)
    assert done.returncode == 0, done.stderr


def test_a_call_is_cut_when_its_money_ends_and_the_record_charges_exactly_that(
    bench: Bench,
) -> None:
    recharge(bench, "0.04")

    phone = bench.call("100", "0301234567")
    until(lambda: bench.balance("100") == 0)  # Four cents are set aside while it is talked.
    assert phone.ended() == 0, phone.errors()
    bench.records(1)

    assert bench.balance("100") == 0
    assert len(lines(bench.asterisk.records)) == 1
    shown = json.loads(bench.tollbook("report", "call-log", *PERIOD, "--format", "json"))
    assert [(call["duration"], call["charge"]) for call in calls(shown)] == [("00:00:04", "0.04")]


def test_a_short_call_gives_back_what_it_did_not_use(bench: Bench) -> None:
    recharge(bench, "1.00")

    assert bench.call("100", "0301234567", talk_ms=2_500).ended() == 0
    bench.records(1)

    (record,) = csv.reader(lines(bench.asterisk.records))
    billsec = int(record[13])  # Asterisk's whole seconds of talk
    assert billsec in (2, 3)
    assert bench.balance("100") == 1 - Decimal(billsec) / 100


def test_without_money_the_telephone_never_rings_and_no_money_moves(bench: Bench) -> None:
    phone = bench.call("101", "0301234567", refused=True)

    assert phone.ended() == 0, phone.errors()
    bench.records(1)
    assert "refused:no_money" in bench.asterisk.records.read_text()
    assert bench.balance("101") == 0


def test_two_calls_at_once_share_one_purse(bench: Bench) -> None:
    recharge(bench, "0.05")

    first = bench.call("100", "0301234567")
    until(lambda: bench.balance("100") == 0)  # All of it is set aside for the first.
    second = bench.call("100", "0307654321", refused=True)

    assert second.ended() == 0, second.errors()
    assert first.ended() == 0, first.errors()
    bench.records(2)
    assert bench.balance("100") == 0


def test_emergency_passes_with_no_money_and_nobody_to_ask(bench: Bench) -> None:
    phone = bench.call("101", "112", talk_ms=500)

    assert phone.ended() == 0, phone.errors()


def test_a_call_is_still_cut_when_the_deciding_process_is_killed(bench: Bench) -> None:
    recharge(bench, "0.04")
    phone = bench.call("100", "0301234567")
    until(lambda: bench.balance("100") == 0)

    bench.control.kill()
    assert phone.ended() == 0, phone.errors()
    bench.records(1)
    assert bench.balance("100") == 0
    # Nobody answers now, and the dialplan's default is to refuse.
    refused = bench.call("100", "0301234567", refused=True)
    assert refused.ended() == 0, refused.errors()


PERIOD = ("--from", "2020-01-01", "--to", "2100-01-01")


def calls(shown: object) -> list[dict[str, str]]:
    rows = shown["calls"] if isinstance(shown, dict) else shown
    assert isinstance(rows, list)
    return rows
