"""The table of verbs: their words, their options, where their bodies are and what they need."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from tollbook.commands.options import accounts, calls, prices, processes, records


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its words, its example and where its body is (None: not built yet).

    The body is `tollbook.commands.<module>`. With *opens* it works on an installation, which is
    opened before the body is imported; without *pages* what only web pages need is not loaded.
    *first* is a module of `tollbook.commands.first`: what is looked at before anything is opened.
    An action of a verb may name others of these in its parser's defaults.
    """

    name: str
    does: str
    example: str
    module: str | None = None
    arguments: Callable[[argparse.ArgumentParser], None] | None = None
    opens: bool = False
    pages: bool = True
    first: str | None = None


VERBS = (
    Verb(
        "serve",
        "run web pages, collectors and jobs on one machine",
        "tollbook serve --data /var/lib/tollbook --port 8080",
        "serve",
        processes.serving,
        opens=True,
    ),
    Verb(
        "demo",
        "the same on a sample office",
        "tollbook demo",
        "demo",
        processes.demo,
        opens=True,
        first="demo",
    ),
    Verb(
        "web",
        "run only the web pages",
        "tollbook web --data /var/lib/tollbook",
        "web",
        processes.serving,
        opens=True,
    ),
    Verb(
        "collect",
        "run only the collectors",
        "tollbook collect --data /var/lib/tollbook",
        "collect",
        processes.process,
        opens=True,
    ),
    Verb(
        "control",
        "run only live call control",
        "tollbook control --data /var/lib/tollbook --port 4573",
        "control",
        processes.control,
        opens=True,
    ),
    Verb(
        "work",
        "run only the background jobs",
        "tollbook work",
        "work",
        processes.work,
        opens=True,
    ),
    Verb(
        "formats",
        "list the PBX formats that can be read",
        "tollbook formats --json",
        "formats",
        records.formats,
    ),
    Verb(
        "detect",
        "say which formats fit a file, best first",
        "tollbook detect records.log",
        "detect",
        records.detect,
    ),
    Verb(
        "learn",
        "write a definition from a sample",
        "tollbook learn sample.log --known known.jsonl -o def.toml",
    ),
    Verb(
        "parse",
        "turn a PBX's records into calls, as JSON Lines",
        "tollbook parse --format asterisk-csv --zone Europe/Berlin Master.csv",
        "parse",
        records.parse,
    ),
    Verb(
        "rate",
        "price calls by a tariff, as JSON Lines",
        "tollbook rate --tariff carrier-a.toml --explain calls.jsonl",
        "rate",
        prices.rate,
    ),
    Verb(
        "import",
        "store a file's records: raw, calls, charges",
        "tollbook import Master.csv --format asterisk-csv --pbx Reception",
        "import_",
        records.import_,
        opens=True,
        pages=False,
        first="import_",
    ),
    Verb(
        "pbx",
        "add and list PBXs",
        "tollbook pbx add Reception --brand Asterisk",
        "pbx",
        records.pbx,
        opens=True,
    ),
    Verb(
        "source",
        "add, list, start and stop sources of records",
        "tollbook source add --pbx P --format 3cx --transport tcp-listen --port 5015",
        "source",
        records.source,
        opens=True,
    ),
    Verb(
        "tariff",
        "publish, check and list tariffs",
        "tollbook tariff add carrier-a.toml",
        "tariff",
        prices.tariff,
        opens=True,
    ),
    Verb(
        "plan",
        "discounts, bundles, charges and taxes of stored calls",
        'tollbook plan add plan.toml --site "Main office"',
        "plan",
        prices.plan,
        opens=True,
    ),
    Verb(
        "exchange",
        "add and list exchange rates",
        "tollbook exchange import eurofxref-daily.xml",
        "exchange",
        prices.exchange,
        opens=True,
    ),
    Verb(
        "rerate",
        "price stored calls again",
        "tollbook rerate --from 2026-10-01 --to 2026-11-01 --dry-run",
        "rerate",
        calls.rerate,
        opens=True,
    ),
    Verb(
        "what-if",
        "compare tariffs over past calls",
        "tollbook what-if --tariff other.toml --from 2026-10-01 --to 2026-11-01",
        "what_if",
        calls.what_if,
        opens=True,
        first="what_if",
    ),
    Verb(
        "authorise",
        "may this caller place this call, and why",
        "tollbook authorise --caller 101 --dialled 0301234",
        "authorise",
        calls.authorise,
        opens=True,
        first="authorise",
    ),
    Verb(
        "report",
        "print a report",
        "tollbook report call-log --from 2026-10-01 --to 2026-11-01 --format csv -o october.csv",
        "report",
        calls.report,
        opens=True,
        first="report",
    ),
    Verb(
        "recharge",
        "put money on accounts, all that are named or none",
        "tollbook recharge --extension 101 --extension 102 --amount 10.00 --key till-4711",
        "recharge",
        accounts.recharge,
        opens=True,
    ),
    Verb(
        "token",
        "make, list and withdraw API tokens",
        "tollbook token create --scope calls:read",
        "token",
        accounts.token,
        opens=True,
    ),
    Verb("backup", "write everything into one file", "tollbook backup -o tollbook-backup.tar"),
    Verb(
        "restore",
        "bring a backup back",
        "tollbook restore tollbook-backup.tar --data /var/lib/tollbook",
    ),
    Verb(
        "doctor",
        "prove that what is stored is whole",
        "tollbook doctor --json",
        "doctor",
        processes.doctor,
        opens=True,
    ),
    Verb("bench", "measure this machine", "tollbook bench import", "bench", processes.bench),
)
