"""The office that a capture works on: the sample office, and what people add by commands."""

import fcntl
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta

from diary import asterisk_file, avaya_file
from samples import samples
from world import PATIENCE_S, Command, World, free_port, wait_until_idle

DATA = ("--data", "data")
CALLS = 420
SETTINGS = 'site_name = "Berlin"\nsite_zone = "Europe/Berlin"\ncurrency = "EUR"\n'
_PASSWORD = re.compile(r"^  ([a-z0-9]{5}(?:-[a-z0-9]{5}){3})$", re.MULTILINE)


def found(world: World) -> str:
    """Make the installation, its administrator and the sample office; return the password."""
    world.data.mkdir()
    (world.data / "tollbook.toml").write_text(SETTINGS, encoding="utf-8")
    # Written here, because the command would choose a port that is free on this machine today.
    plan = {"seed": 1, "calls": CALLS, "until": world.at.isoformat(), "port": 5015}
    (world.data / "demo.json").write_text(json.dumps(plan | {"finished": False}), encoding="utf-8")
    password = _administrator(world)
    demo = ("demo", *DATA, "--calls", str(CALLS), "--no-serve")
    world.write("office/demo", *demo)
    world.write("office/demo-again", *demo)
    return password


def furnish(world: World) -> None:
    """Add PBXs, tariffs, decks, plans, exchange rates, sources and tokens by commands."""
    for name, line in FURNITURE:
        world.write(f"office/{name}", *_split(line), *DATA)
    world.write("office/export-workbook", *_split(EXPORT_WORKBOOK), *DATA)
    book = ("tariff", "import", "deck.xlsx", "--tariff", "From a workbook", "--json")
    world.write("office/import-workbook", *book, *DATA)


def bring_in_calls(world: World) -> None:
    """Import files of several formats: new, known already, late, broken."""
    for name, line, raw in _imports():
        if raw:
            world.file(line.split()[1], raw)
        world.write(f"import/{name}", *_split(line), *DATA)


def recharge(world: World) -> None:
    """Put money on accounts by commands, under keys that repeat and clash."""
    for name, line in RECHARGES:
        world.write(f"recharge/{name}", *_split(line), *DATA)


def rerate(world: World) -> None:
    """Price stored calls again by commands: dry, in earnest, and what late calls moved."""
    for name, line in RERATES:
        world.write(f"rerate/{name}", *_split(line), *DATA)


def let_jobs_run(world: World) -> None:
    """Run the background jobs until they have seen everything: the clock stands meanwhile."""
    world.step(timedelta(minutes=10))
    with world.running("work", *DATA) as process:
        wait_until_idle(process)


def ask(world: World, sql: str, *values: object) -> int:
    """Return the one number that *sql* finds in the database, as the id of a row."""
    file = world.data / "tollbook.sqlite3"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
        row = database.execute(sql, values).fetchone()
    if row is None:
        raise LookupError(f"{sql} {values} finds nothing")
    return int(row[0])


def _administrator(world: World) -> str:
    """Start everything once, as on a first day, and return the administrator's password.

    Collectors and jobs are kept from starting, so that they leave no traces whose number depends
    on how long this takes; the start ends by itself then.
    """
    with ExitStack() as stack:
        for lock in ("collect.lock", "work.lock"):
            stack.enter_context(_held(world, lock))
        serving = world.running("serve", *DATA, "--port", str(free_port()))
        process = stack.enter_context(serving)
        process.wait(timeout=PATIENCE_S)
        printed = world.log_of("serve")
    said = _PASSWORD.search(printed)
    if said is None:
        raise RuntimeError(f"the first start shows no password:\n{printed}")
    return said.group(1)


@contextmanager
def _held(world: World, lock: str) -> Iterator[None]:
    with (world.data / lock).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def reading(world: World) -> None:
    """Keep what reading commands say about the finished office."""
    world.read(
        [
            *(Command(f"list/{name}", (*_split(line), *DATA)) for name, line in LISTS),
            *(
                Command(f"export/{name}", (*_split(line), *DATA), writes=file)
                for name, line, file in EXPORTS
            ),
        ]
    )


def _imports() -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, the command and what the file holds, where it is not there already."""
    asterisk = asterisk_file(180, seed=3).encode()
    late = asterisk_file(40, seed=5).encode()
    avaya = avaya_file(60, seed=4).encode()
    main = '--format asterisk-csv --pbx "Main house"'
    yield "asterisk", f"import calls.csv {main} --json", asterisk
    yield "asterisk-again", f"import calls.csv {main} --json", b""
    yield "asterisk-words", f"import late.csv {main}", late
    yield "avaya", "import depot.log --format avaya-ipoffice --pbx Depot --json", avaya
    for name, sample in samples().items():
        words = f"import {name}.txt --format {name} --pbx Samples --zone {sample.zone} --json"
        yield f"sample-{name}", words, b""
    yield "unknown-pbx", f"import calls.csv {main.replace('Main house', 'Nowhere')}", b""
    yield "unknown-format", "import calls.csv --format nobody --pbx Depot", b""
    yield "no-file", f"import missing.csv {main}", b""
    yield "wrong-format", "import hipath.txt --format 3cx --pbx Samples --json", b""
    yield "own-format", "import own.txt --format own.toml --pbx Samples --json", b""


def _split(line: str) -> tuple[str, ...]:
    """Return the words of a command line; quotation marks hold words together."""
    pieces = re.findall(r'"([^"]*)"|(\S+)', line)
    return tuple(quoted or bare for quoted, bare in pieces)


_NATIVE = "--decimal , --dates dmy --zone Europe/Berlin"
FURNITURE = (
    ("pbx-depot", "pbx add Depot --brand Avaya"),
    ("pbx-samples", "pbx add Samples --site Berlin"),
    ("pbx-twice", "pbx add Depot"),
    ("pbx-nowhere", "pbx add Other --site Atlantis"),
    ("tariff-add", "tariff add tariff.toml"),
    ("tariff-again", "tariff add tariff-again.toml --from 2026-10-01T00:00:00+02:00"),
    ("tariff-same", "tariff add tariff-again.toml"),
    ("tariff-cost", "tariff add cost.toml"),
    ("tariff-dollar", "tariff add dollar.json"),
    ("tariff-json", "tariff add again.json --from 2026-08-01T00:00:00+02:00"),
    ("tariff-day", "tariff add again.json --from 2026-08-01"),
    ("tariff-bad", "tariff add bad-tariff.toml"),
    ("tariff-wrong-day", "tariff add tariff.toml --from someday"),
    ("deck-dry", f"tariff import deck.csv --tariff Sued-Netz {_NATIVE} --dry-run"),
    ("deck-dry-json", f"tariff import deck.csv --tariff Sued-Netz {_NATIVE} --dry-run --json"),
    ("deck", f"tariff import deck.csv --tariff Sued-Netz {_NATIVE} --carrier Sued"),
    (
        "deck-amend-dry",
        "tariff import deck-again.csv --tariff Sued-Netz --carrier Sued --amend --dry-run --json",
    ),
    (
        "deck-amend",
        (
            f"tariff import deck-again.csv --tariff Sued-Netz {_NATIVE} --amend"
            " --from 2026-10-15T00:00:00+02:00"
        ),
    ),
    ("deck-whole", f"tariff import deck-again.csv --tariff Sued-Netz {_NATIVE} --json"),
    ("deck-bad", "tariff import bad-deck.csv --tariff Sued-Netz"),
    ("deck-bad-json", "tariff import bad-deck.csv --tariff Sued-Netz --json"),
    (
        "deck-columns",
        "tariff import bad-deck.csv --tariff Odd --column price=Prefix --header-row 1 --dry-run",
    ),
    ("deck-no-table", "tariff import ecb.xml --tariff Odd"),
    ("exchange-add", "exchange add USD EUR 0.92 --on 2026-08-01"),
    ("exchange-correct", "exchange add USD EUR 0.915 --on 2026-08-01"),
    ("exchange-bad", "exchange add USD EURO -1 --on 2026-08-01"),
    ("exchange-bad-day", "exchange add USD EUR 1 --on someday"),
    ("exchange-bank", "exchange import ecb.xml"),
    ("exchange-bank-again", "exchange import ecb.xml"),
    ("exchange-no-bank", "exchange import no-ecb.xml"),
    ("plan-add", "plan add plan.toml --site Berlin --from 2026-09-01T00:00:00+02:00"),
    ("plan-same", "plan add plan.toml --site Berlin"),
    ("plan-usual", "plan add no-plan.toml"),
    ("plan-bad", "plan add bad-plan.toml"),
    ("plan-for-files", "plan add plan-for-files.toml"),
    ("plan-nowhere", "plan add plan.toml --site Atlantis"),
    (
        "source-udp",
        (
            "source add --pbx Depot --format avaya-ipoffice --transport udp --port 5021"
            " --peers 192.0.2.0/24 --name depot"
        ),
    ),
    (
        "source-tail",
        (
            "source add --pbx Samples --format hipath --transport tail --path /var/log/hipath.log"
            " --zone Europe/Berlin"
        ),
    ),
    (
        "source-connect",
        (
            r"source add --pbx Samples --format 3cx --transport tcp-connect --host 192.0.2.9"
            r" --port 5022 --ack \x06"
        ),
    ),
    ("source-relative", "source add --pbx Depot --format 3cx --transport tail --path x.log"),
    ("source-serial", "source add --pbx Depot --format 3cx --transport serial"),
    ("source-bad-peer", "source add --pbx Depot --format 3cx --transport udp --peers x --port 1"),
    ("source-no-path", "source add --pbx Depot --format 3cx --transport tail"),
    ("source-no-pbx", "source add --pbx Nobody --format 3cx --transport udp --port 5023"),
    ("source-stop", 'source stop "Samples tail"'),
    ("source-stop-unknown", "source stop nobody"),
    ("token-erp", "token create --name ERP --scope calls:read --scope charges:read --json"),
    ("token-short", "token create --name Short --scope calls:read --expires 2026-11-12"),
    ("token-gone", "token create --name Gone --scope recharge"),
    ("token-twice", "token create --name ERP --scope recharge"),
    ("token-bad-scope", "token create --scope everything"),
    ("token-bad-end", "token create --scope calls:read --expires 2001-01-01"),
    ("token-revoke", "token revoke Gone"),
    ("token-revoke-again", "token revoke Gone"),
    ("token-revoke-unknown", "token revoke Nobody"),
)
EXPORT_WORKBOOK = "tariff export Sued-Netz --format xlsx -o deck.xlsx"
RECHARGES = (
    ("two", "recharge --extension 121 --extension 122 --amount 10.00 --key till-1 --reason till"),
    ("two-again", "recharge --extension 121 --extension 122 --amount 10.00 --key till-1"),
    (
        "two-repeated",
        "recharge --extension 121 --extension 122 --amount 10.00 --key till-1 --reason till",
    ),
    ("json", "recharge --extension 123 --amount 0.0001 --key till-2 --json"),
    ("json-repeated", "recharge --extension 123 --amount 0.0001 --key till-2 --json"),
    ("owner", 'recharge --owner "Elif Hartwig" --amount 250 --key till-3 --json'),
    ("department", "recharge --department Tax --amount 99.99"),
    ("unknown", "recharge --extension 999 --amount 5"),
    ("nothing", "recharge --extension 121 --amount 0"),
    ("negative", "recharge --extension 121 --amount -5"),
    ("too-fine", "recharge --extension 121 --amount 1.00001"),
    ("some-unknown", "recharge --extension 121 --extension 999 --amount 5 --json"),
)
RERATES = (
    ("late-first", "rerate --late"),
    ("dry", "rerate --from 2026-09-01 --to 2026-10-01 --dry-run"),
    ("dry-json", "rerate --from 2026-09-01 --to 2026-10-01 --dry-run --json"),
    ("unrated", "rerate --from 2026-08-01 --to 2026-09-01 --unrated --json"),
    ("extension", "rerate --from 2026-09-01 --to 2026-09-15 --extension 122"),
    ("month", "rerate --from 2026-10-01 --to 2026-11-01 --json"),
    ("month-again", "rerate --from 2026-10-01 --to 2026-11-01"),
    ("late", "rerate --late"),
    ("late-json", "rerate --late --json"),
    ("no-period", "rerate"),
    ("backwards", "rerate --from 2026-10-01 --to 2026-09-01"),
    ("unknown", "rerate --from 2026-10-01 --to 2026-11-01 --department Nobody"),
)
LISTS = (
    ("pbx", "pbx list"),
    ("pbx-json", "pbx list --json"),
    ("source", "source list"),
    ("source-json", "source list --json"),
    ("tariff", "tariff list"),
    ("tariff-json", "tariff list --json"),
    ("plan", "plan list"),
    ("plan-json", "plan list --json"),
    ("plan-show", "plan show 1"),
    ("plan-show-unknown", "plan show 99"),
    ("exchange", "exchange list"),
    ("exchange-json", "exchange list --source EUR --json"),
    ("exchange-pair", "exchange list --source USD --target EUR"),
    ("token", "token list"),
    ("token-json", "token list --json"),
    ("token-ended", "token list --state ended"),
    ("token-withdrawn", "token list --state withdrawn"),
    ("doctor", "doctor"),
    ("doctor-json", "doctor --json"),
)
EXPORTS = (
    ("ostwind-csv", "tariff export Ostwind", ""),
    ("ostwind-xlsx", "tariff export Ostwind --format xlsx -o ostwind.xlsx", "ostwind.xlsx"),
    ("sued-netz-csv", "tariff export Sued-Netz -o sued.csv", "sued.csv"),
    ("nordlicht-csv", 'tariff export "Nordlicht Business"', ""),
    ("again-csv", "tariff export Again", ""),
    ("unknown", "tariff export Nobody", ""),
)
