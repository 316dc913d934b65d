"""Reports, comparisons and questions on the command line, about the finished office."""

from collections.abc import Iterator

from office import DATA
from world import Command, World

REPORTS = ("call-log", "statistics", "margin", "unbilled", "fees")
FORMATS = ("csv", "xlsx", "json")
PERIOD = ("--from", "2026-08-01", "--to", "2026-12-01")
NARROWED = (
    ("call-log", "--extension 121"),
    ("call-log", "--department Depot"),
    ("call-log", "--owner Elif_Hartwig"),
    ("call-log", "--account-code 8801"),
    ("call-log", "--trunk PJSIP/havel"),
    ("call-log", "--pbx Annex"),
    ("call-log", "--site Berlin"),
    ("call-log", "--direction in"),
    ("call-log", "--direction internal"),
    ("call-log", "--call-type international"),
    ("call-log", "--keyword 0171"),
    ("call-log", "--cost-min 0.50"),
    ("call-log", "--cost-max 0.10"),
    ("call-log", "--unrated"),
    ("call-log", "--below-cost"),
    ("call-log", "--department Nobody"),
    ("call-log", "--cost-min much"),
    ("statistics", "--by month"),
    ("statistics", "--by year"),
    ("statistics", "--by month --extension 121"),
    ("margin", "--trunk PJSIP/nordlicht"),
    ("margin", "--below-cost"),
    ("unbilled", "--direction out"),
    ("fees", "--owner Elif_Hartwig"),
)
WHAT_IF = (
    ("table", "--tariff Ostwind --tariff Sued-Netz"),
    ("json", "--tariff Ostwind --json"),
    ("file-json", "--tariff tariff.toml --tariff Havel_SIP --format json"),
    ("csv", "--tariff Ostwind --tariff dollar.json --format csv"),
    ("department", "--tariff cost.toml --department Tax"),
    ("unknown", "--tariff Nobody"),
    ("bad", "--tariff bad-tariff.toml"),
)
QUESTIONS = (
    ("far", "--caller 121 --dialled 00033123456789"),
    ("near", "--caller 122 --dialled 0030445566"),
    ("mobile", "--caller 123 --dialled 00171234567"),
    ("internal", "--caller 121 --dialled 124"),
    ("emergency", "--caller 121 --dialled 112"),
    ("unknown-caller", "--caller 999 --dialled 0030445566"),
    ("typed", "--caller 121 --typed 8801**00301234567#"),
    ("code", "--caller 121 --dialled 00301234567 --account-code 8801"),
    ("code-blocked", "--caller 121 --dialled 009001234567 --account-code 8801"),
    ("code-unknown", "--caller 121 --dialled 00301234567 --account-code 7777"),
    ("locked", "--caller 140 --dialled 0030445566"),
    ("barred", "--caller 124 --dialled 00033123456789"),
    ("short-code", "--caller 121 --dialled 701"),
    ("unrated", "--caller 121 --dialled 000870123456"),
    ("at", "--caller 121 --dialled 00033123456789 --at 2026-11-14T23:30:00+01:00"),
    ("trunk", "--caller 201 --dialled 00033123456789 --trunk PJSIP/havel --pbx Annex"),
    ("nobody", "--dialled 112"),
    ("bad-at", "--caller 121 --dialled 112 --at soon"),
    ("bad-pbx", "--caller 121 --dialled 112 --pbx Nobody"),
)


def report(world: World) -> None:
    """Keep every report in every format, and the filters."""
    world.read([Command("report/list", ("report", "--list")), *_reports()])


def compare_and_ask(world: World) -> None:
    """Keep what other tariffs would cost, and what callers may do."""
    world.read([*_comparisons(), *_questions()])


def _reports() -> Iterator[Command]:
    for name in REPORTS:
        for form in FORMATS:
            words = ("report", name, *PERIOD, "--format", form)
            file = f"{name}.{form}"
            yield Command(f"report/{name}-{form}", (*words, "-o", file, *DATA), writes=file)
    yield Command("report/pdf", ("report", "call-log", "--format", "pdf", *DATA))
    yield Command("report/to-stdout", ("report", "call-log", "--from", "2026-11-01", *DATA))
    yield Command("report/bad-day", ("report", "call-log", "--from", "someday", *DATA))
    for name, line in NARROWED:
        words = ("report", name, *PERIOD, *_words(line), *DATA)
        mark = line.replace("--", "").replace(" ", "-").replace("/", "-")
        yield Command(f"report/{name}-{mark}", words)


def _comparisons() -> Iterator[Command]:
    month = ("--from", "2026-10-01", "--to", "2026-11-01")
    for name, line in WHAT_IF:
        yield Command(f"what-if/{name}", ("what-if", *_words(line), *month, *DATA))
    words = ("what-if", "--tariff", "Ostwind", *month, "--format", "xlsx", "-o", "what-if.xlsx")
    yield Command("what-if/xlsx", (*words, *DATA), writes="what-if.xlsx")


def _questions() -> Iterator[Command]:
    for number, (name, line) in enumerate(QUESTIONS):
        yield Command(f"authorise/{name}-json", ("authorise", *_words(line), "--json", *DATA))
        if number % 3 == 0:
            yield Command(f"authorise/{name}", ("authorise", *_words(line), *DATA))


def _words(line: str) -> tuple[str, ...]:
    """Return the words of a line; an underscore stands for the space within one."""
    return tuple(word.replace("_", " ") for word in line.split())
