"""A file read by the column is mediated and charged as its calls are, one after another."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from reference.tariffs import CLOCKS, DAYS, LATE_CLOCKS, draw_tariff
from tollbook.app.intake import draft_worker, mediate
from tollbook.app.intake.by_column import drafts as by_column
from tollbook.app.intake.by_column import prices, routes
from tollbook.app.intake.draft_worker import Task, make_drafts
from tollbook.app.intake.mediate import MAX_TRUNK, Mediator
from tollbook.app.intake.price_draft import price_draft
from tollbook.app.pricing.pbx_rules import Assignment, Rules, Version
from tollbook.app.pricing.rater import Rater
from tollbook.core.batch import CallBatch
from tollbook.core.dialplan import DialPlan, default_dial_plan, read_dial_plan
from tollbook.formats import Definition, Parser, block_texts, load_definition, read_definition

ASTERISK = load_definition("asterisk-csv")
# A switch that knows its trunks and which way a call went, as Asterisk does not.
OUTSPOKEN = read_definition(
    """
name = "outspoken"
title = "An outspoken switch"

[time]
formats = "%Y-%m-%d %H:%M:%S"

[[record]]
columns = ["start", "end", "talk", "caller", "dialled", "far", "way", "trunk"]

[fields]
start = "start"
answer = "start"
end = "end"
talk_s = { from = "talk", as = "seconds" }
answered = { value = true }
caller = "caller"
dialled = "dialled"
callee_device = { from = "far", before_last = "-" }
direction = { from = "way", map = { "I" = "in", "O" = "out", "N" = "internal", "T" = "transit" } }
trunk = "trunk"

[[test]]
zone = "UTC"
lines = "?"
[[test.expect]]
reject = { }
""",
    "outspoken.toml",
)
ALWAYS_US = -(2**62)
LONG_NAME = "PJSIP/" + "carrier-of-a-long-name-" * 6  # over MAX_TRUNK characters
TRUNKS = ("PJSIP/carrier-a", "PJSIP/100-200", "SIP/9", LONG_NAME[:MAX_TRUNK], "T1")
EXTENSIONS = {"101": "Sales", "102": "", "201": "Support", "4711": "Sales", "100-200": "Sales"}


def plan(**document: object) -> DialPlan:
    found = read_dial_plan(document).plan
    assert found is not None
    return found


PLANS = (
    default_dial_plan("DE", area_code="30"),
    default_dial_plan("US"),
    default_dial_plan(""),
    plan(country="DE", area_code="30", outside_prefixes=["0"], extension_ranges=["100-199", "2xx"]),
    plan(
        country="DE",
        area_code="30",
        own_numbers=["493023125"],
        secret_prefixes=["8888"],
        carrier_prefixes=["010xx"],
        extension_ranges=["101", "4xxx"],
        short_codes={"*01": "+441632960000"},
    ),
)

# ------------------------------------------------------------------------------------- records


@dataclass(frozen=True, slots=True)
class Record:
    """A line of Master.csv: who called whom from where to where, when, and how it is written."""

    number: int
    caller: str
    dialled: str
    near: str
    far: str
    name: str
    account_code: str
    start: datetime
    ring_s: int
    talk_s: str
    disposition: str
    application: str
    call_id: bool
    columns: int

    def line(self) -> str:
        talk = timedelta(seconds=float(self.talk_s))
        answer = self.start + timedelta(seconds=self.ring_s)
        answered = self.disposition == "ANSWERED"
        end = answer + (talk if answered else timedelta())
        unique = f"{1_700_000_000 + self.number}.{self.number}"
        cells = [
            *(self.account_code, self.caller, self.dialled, "office", self.name, self.near),
            *(self.far, self.application, "600,t,,,300", stamp(self.start)),
            *(stamp(answer) if answered else "", stamp(end)),
            *(str(int((end - self.start).total_seconds())), self.talk_s if answered else "0"),
            *(self.disposition, "DOCUMENTATION", unique if self.call_id else "", "note"),
            *("", f"{1_700_000_000 + self.number // 3}.1", str(self.number)),
        ]
        if self.columns == 20:
            del cells[17]
        return ",".join(f'"{each.replace(chr(34), chr(34) * 2)}"' for each in cells[: self.columns])

    def outspoken_line(self, random: Random) -> str:
        """Return the line of a switch that says which way the call went, and over which trunk."""
        end = self.start + timedelta(seconds=int(self.talk_s))
        way, trunk = random.choice(("O", "O", "O", "T", "I", "N", "")), random.choice(TRUNKS[:3])
        cells = (stamp(self.start), stamp(end), self.talk_s, self.caller, self.dialled, self.far)
        return ",".join((*cells, way, random.choice(("", trunk))))


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def draw_local_instant(random: Random) -> datetime:
    """Return a stamp near an edge of a band, on a night of a clock change or a plain day."""
    clock = random.choice(CLOCKS + LATE_CLOCKS)
    edge = timedelta(hours=int(clock[:2]), minutes=int(clock[3:5]))
    beside_s = random.choice((-901, -61, -8, -7, -1, 0, 1, 59, 450, 899, 900, 3_599, 9_000))
    return datetime(*random.choice(DAYS)) + edge + timedelta(seconds=beside_s)  # noqa: DTZ001 - a record's stamp is local


CALLERS = (
    *("101", "102", "201", "4711", "0171234567", "+4930555010", "", "4930123", " 101", "100-200"),
)
NUMBERS = (
    *("101", "102", "201", "4711", "0049301234567", "0301234567", "00493012345", "112", "0112"),
    *("004915112345678", "*21", "*21#0301234567", "*01", "s", "h", "", "11833", "02312500"),
    *("12125551234", "+4930123456", "49 30 / 1234", "88880892312500", "0010330892312500"),
    *("493023125101", "000442079460123", "9" * 70, "0892312500", "0493012345"),
)
CHANNELS = (
    *("PJSIP/101-0000001a", "PJSIP/102-0000001c", "SIP/201-1", "PJSIP/carrier-a-0000001b"),
    *("PJSIP/100-200-0000001b", "PJSIP/carrier-a-0000002b", "SIP/9-7", "DAHDI/i1/5-2", "", "-"),
    *("PJSIP/", f"{LONG_NAME}-0000001b", f"{LONG_NAME}x-0000001c", "PJSIP/Büro-0000001b"),
    *('PJSIP/"a"-0000001b', "PJSIP/carrier-a", "IAX2/4711-12"),
)
HALVES = ("Local/201@queue-00000004;1", "Local/201@queue-00000004;2")
NAMES = (
    *("", "", '"Ada" <101>', '"Ada" <101>', "Jürgen <7>", '"Bell, A" <8>', "<0171>"),
    *("x" * 300, "Ada\tB <9>"),
)
GARBAGE = (
    *("", " ", "rubbish", '"open quotation', "a,b,c", "\x00\x00", "y" * 2_000),
    "accountcode,src,dst",
)


def draw_line(random: Random, *, joins: bool) -> str:
    """Return a record or garbage, with its end; where it *joins*, it may belong to others."""
    if random.random() < 0.04:
        return random.choice(GARBAGE) + "\n"
    record = Record(
        number=random.randint(0, 40),
        caller=random.choice(CALLERS),
        dialled=random.choice(NUMBERS),
        near=random.choice(CHANNELS + HALVES * joins),
        far=random.choice(CHANNELS),
        name=random.choice(NAMES),
        account_code=random.choice(("", "", "4711", "ü-7")),
        start=draw_local_instant(random),
        ring_s=random.choice((0, 7, 20)),
        talk_s=random.choice(("0", "1", "59", "60", "61", "125", "600", "3601", "30000", "4.25")),
        disposition=random.choice(("ANSWERED",) * 12 + ("NO ANSWER", "BUSY", "FAILED", "MAYBE")),
        application=random.choice(("Dial", "Dial", "Queue")),
        call_id=random.random() < 0.7,
        columns=random.choice((18,) * 12 + (17, 17, 16, 16, 15) + (20, 21) * joins),
    )
    return record.line() + random.choice(("\n", "\n", "\n", "\r\n"))


def draw_alike(random: Random, count: int) -> list[Record]:
    """Return answered calls of few people at few instants, which differ in little."""
    callers = random.sample(("101", "201", "0171234567", "4711"), 2)
    numbers = random.sample(("0049301234567", "0301234567", "004915112345678", "0493012345"), 2)
    far = random.sample(("PJSIP/carrier-a-1", "SIP/9-7", f"{LONG_NAME}-2", "PJSIP/100-200-2"), 2)
    instants = [draw_local_instant(random) for _ in range(4)]
    return [
        Record(
            number=number,
            caller=random.choice(callers),
            dialled=random.choice(numbers),
            near="",
            far=random.choice(far),
            name="",
            account_code="",
            start=random.choice(instants) + timedelta(seconds=random.choice((-1, 0, 0, 1, 60))),
            ring_s=0,
            talk_s=random.choice(("1", "60", "61")),
            disposition="ANSWERED",
            application="Dial",
            call_id=True,
            columns=18,
        )
        for number in range(count)
    ]


def draw_file(random: Random, count: int, *, joins: bool, legacy: bool) -> bytes:
    """Return a file of so many lines."""
    text = "".join(draw_line(random, joins=joins) for _ in range(count))
    return text.encode("latin-1", "replace") if legacy else text.encode()


# --------------------------------------------------------------------------------------- rules


def draw_rules(random: Random) -> Rules:
    """Return rules by which most files can be charged by the column, and some cannot."""
    versions = {number: draw_versions(random, first_id=10 * number) for number in (1, 2)}
    return Rules(
        plan=random.choice(PLANS),
        extensions=EXTENSIONS if random.random() < 0.8 else {},
        assignments=draw_assignments(random),
        versions=versions if random.random() < 0.95 else {},
    )


def draw_versions(random: Random, *, first_id: int) -> tuple[Version, ...]:
    starts = [
        as_us(at)
        for at in (
            datetime(*random.choice(DAYS), random.choice((0, 8, 12)), tzinfo=UTC)
            for _ in range(random.choice((0, 0, 1, 2, 3)))
        )
    ]
    if random.random() < 0.7 or not starts:
        starts.append(ALWAYS_US)
    return tuple(
        Version(
            first_id + at, start, json.dumps(draw_document(random, whole=random.random() < 0.9))
        )
        for at, start in enumerate(sorted(starts))
    )


def draw_document(random: Random, *, whole: bool) -> dict:
    """Return a tariff whose rates ask about our trunks; a *whole* one has no pulse and no split."""
    tariff = draw_tariff(random, bands_apply="start" if whole else None)
    if whole:
        tariff["rate"] = [rate for rate in tariff["rate"] if "pulse" not in rate] or [
            {"prefix": "", "slots": [{"from_s": 0, "price": "1", "per_s": 60, "increment_s": 1}]}
        ]
    for rate in tariff["rate"]:
        if "trunks" in rate:
            rate["trunks"] = random.sample(TRUNKS, 2)
        if "callers" in rate and random.random() < 0.5:
            rate["callers"] = random.sample(["101", "201", "0171234567", "Sales", "Support"], 2)
        if "number_length" in rate:
            rate["number_length"] = random.choice((0, 10, 11, 12, 13))
    return tariff


def draw_rules_for(random: Random, records: list[Record]) -> Rules:
    """Return rules for calls in UTC: versions and rates begin and end at the second of a call."""
    instants = [record.start.replace(tzinfo=UTC) for record in records]
    starts = [as_us(each) for each in sorted(random.sample(instants, random.randint(0, 2)))]
    if random.random() < 0.8 or not starts:
        starts.insert(0, ALWAYS_US)
    versions = []
    for at, start in enumerate(starts):
        tariff = draw_document(random, whole=True) | {"zone": "UTC"}
        for rate in tariff["rate"]:
            for edge in ("effective_from", "effective_to"):
                rate.pop(edge, None)
            if random.random() < 0.5:
                rate[random.choice(("effective_from", "effective_to"))] = random.choice(
                    instants
                ).isoformat()
        versions.append(Version(10 + at, start, json.dumps(tariff)))
    return Rules(
        plan=PLANS[0],
        extensions=EXTENSIONS,
        assignments=(Assignment(1, matches=random.choice(("callee", "callee", "dialled"))),),
        versions={1: tuple(versions)},
    )


def as_us(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000


def draw_assignments(random: Random) -> tuple[Assignment, ...]:
    sole = Assignment(random.choice((1, 2)), matches=random.choice(("callee", "dialled")))
    noon_us = as_us(datetime(2026, 3, 29, 1, tzinfo=UTC))
    asking = random.choice(
        (
            Assignment(2, trunk=random.choice(TRUNKS)),
            Assignment(2, extension="101"),
            Assignment(2, department="Sales"),
            Assignment(2, account_code="4711"),
            Assignment(2, from_us=noon_us),
            Assignment(2, to_us=noon_us),
        )
    )
    return random.choice(
        (
            *[(sole,)] * 10,
            (sole, asking),  # The first decides, so nothing is asked.
            (asking, sole),
            (asking,),
            (sole, Assignment(2, kind="cost")),
            (sole, replace(asking, kind="cost")),
            (),
        )
    )


# ----------------------------------------------------------------------------------------- law


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is read and written at once, and remembered."""

    read_bytes: int
    batch: int
    texts: int
    remembered: int

    def apply(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(draft_worker, "READ_BYTES", self.read_bytes)
        for module in (draft_worker, mediate, by_column):
            patch.setattr(module, "BATCH_RECORDS", self.batch)
        patch.setattr(block_texts, "_TEXTS_KEPT", self.texts)
        for module in (routes, prices):
            patch.setattr(module, "_REMEMBERED", self.remembered)


sizes = st.builds(
    Sizes,
    read_bytes=st.sampled_from([600, 5_000, 1 << 20]),
    batch=st.sampled_from([3, 500]),
    texts=st.sampled_from([2, 20, 50_000]),
    remembered=st.sampled_from([1, 4, 100_000]),
)
seed = st.integers(0, 2**63)
zones = st.sampled_from(["UTC", "UTC", "UTC", "Europe/Berlin", "Australia/Lord_Howe", "-03:30"])


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    of_file=seed,
    count=st.integers(20, 160),
    joins=st.sampled_from([False, False, False, True]),
    legacy=st.sampled_from([False] * 6 + [True]),
    of_rules=seed,
    sizes=sizes,
    zone=zones,
)
def test_a_file_in_blocks_comes_to_what_its_calls_come_to_one_by_one(
    tmp_path: Path,
    of_file: int,
    count: int,
    joins: bool,
    legacy: bool,
    of_rules: int,
    sizes: Sizes,
    zone: str,
) -> None:
    rules = draw_rules(Random(of_rules))
    data = draw_file(Random(of_file), count, joins=joins, legacy=legacy)
    expected = rows(one_by_one(data, rules, zone))

    with pytest.MonkeyPatch.context() as patch:
        sizes.apply(patch)
        drafts = by_the_column(tmp_path, data, rules, zone)

    assert all(len(draft.records) <= sizes.batch for draft in drafts)
    found = rows(drafts)
    for name, those in expected.items():
        assert found[name] == those, name
    event(f"{len(expected['charges']) > 0} charges")


@pytest.mark.parametrize("definition", [ASTERISK, OUTSPOKEN], ids=lambda one: one.name)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(of_calls=seed, count=st.integers(30, 120))
def test_calls_that_differ_in_one_thing_alone_are_charged_as_each_by_itself(
    tmp_path: Path, definition: Definition, of_calls: int, count: int
) -> None:
    random = Random(of_calls)
    calls = draw_alike(random, count)
    rules = draw_rules_for(random, calls)
    lines = [
        call.line() if definition is ASTERISK else call.outspoken_line(random) for call in calls
    ]
    data = "".join(line + "\n" for line in lines).encode()
    expected = rows(one_by_one(data, rules, "UTC", definition))

    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(Rater, "charge")  # Whoever prices these calls one by one fails.
        found = rows(by_the_column(tmp_path, data, rules, "UTC", definition))

    assert found == expected
    assert len(found["calls"]) == count


def test_a_rate_for_a_trunk_knows_it_by_as_much_of_its_name_as_is_kept(tmp_path: Path) -> None:
    slots = [{"from_s": 0, "price": "1", "per_s": 60, "increment_s": 60}]
    dear = [{"from_s": 0, "price": "9", "per_s": 60, "increment_s": 60}]
    tariff = {
        "name": "By trunk",
        "currency": "EUR",
        "zone": "UTC",
        "rounding": {"rule": "half_up", "decimals": 4},
        "rate": [
            {"prefix": "49", "slots": dear},
            {"prefix": "49", "trunks": [LONG_NAME[:MAX_TRUNK]], "slots": slots},
        ],
    }
    rules = Rules(
        plan=PLANS[0],
        assignments=(Assignment(1),),
        versions={1: (Version(10, ALWAYS_US, json.dumps(tariff)),)},
    )
    call = replace(
        draw_alike(Random(1), 1)[0],
        caller="101",
        dialled="0301234567",
        far=f"{LONG_NAME}-0000001b",
        talk_s="60",
    )
    data = (call.line() + "\n").encode()

    (draft,) = by_the_column(tmp_path, data, rules, "UTC")

    assert draft.trunks == [LONG_NAME[:MAX_TRUNK]]
    assert draft.charges.amount_micros == [1_000_000]
    assert rows([draft]) == rows(one_by_one(data, rules, "UTC"))


def one_by_one(
    data: bytes, rules: Rules, zone: str, definition: Definition = ASTERISK
) -> list[CallBatch]:
    """Return what the parser, the mediator and the rater make of each record by itself."""
    parser = Parser(definition, zone=zone, source_name="Master.csv")
    outcomes = parser.feed(data) + parser.finish()
    drafts = Mediator(rules).drafts(outcomes, segment_id=7)
    rater = Rater(rules)
    for draft in drafts:
        price_draft(rater, draft)
    return drafts


def by_the_column(
    folder: Path, data: bytes, rules: Rules, zone: str, definition: Definition = ASTERISK
) -> list[CallBatch]:
    file = folder / "Master.csv"
    file.write_bytes(data)
    task = Task(file, len(data), definition, zone, "Master.csv", 7, rules)
    return [draft for draft, _ in make_drafts(task)]


Row = tuple[object, ...]


def rows(drafts: list[CallBatch]) -> dict[str, list[Row]]:
    """Return what the drafts hold in the order of the file, places instead of indexes."""
    names = ("records", "calls", "charges", "rejects", "joined", "legs")
    found: dict[str, list[Row]] = {name: [] for name in names}
    for draft in drafts:
        places = draft.records.offset
        found["records"] += draft.records.rows()
        of_call = [places[record] for record in draft.calls.record]
        calls = [column for column in draft.calls.lists()[1:] if column]
        found["calls"] += zip(of_call, *calls, draft.trunks, draft.extensions, strict=True)
        rejected = [places[record] for record in draft.rejects.record]
        found["rejects"] += zip(rejected, *draft.rejects.lists()[1:], strict=True)
        for name in ("charges", "joined", "legs"):
            first, *columns = getattr(draft, name).lists()
            found[name] += zip([of_call[call] for call in first], *columns, strict=True)
    return {name: sorted(those, key=lambda row: row[0]) for name, those in found.items()}  # type: ignore[arg-type,return-value]
