"""Everything that decisions look up and that seldom changes, read once and cached.

Sites, telephones, codes, classes of service, budgets' rules, tariffs and plans. Two counters
(`storage.db.change_counters`) tell whether any of it has changed since; a stale book is never used.
What changes with every call (balances, holds, what is used) is not in it.
"""

import gc
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tollbook.app.directory.payers import Payers
from tollbook.app.policies.budgets import budget_row
from tollbook.app.policies.class_rules import ClassAtWork, read_hours, read_rules
from tollbook.app.pricing.exchange_rates import RateTable
from tollbook.app.pricing.load_pbx_rules import dial_plan, load_rules
from tollbook.app.pricing.pbx_rules import CHARGE, Rules
from tollbook.app.pricing.plans import load_plans
from tollbook.app.pricing.prices import Prices
from tollbook.app.pricing.rater import Rater, TariffPricer
from tollbook.core.dialplan import Resolver
from tollbook.core.policies import ClassOfService, Code, Restrictions, read_prefixes
from tollbook.storage.db.change_counters import change_counts
from tollbook.storage.models import (
    Account,
    AccountCode,
    AccountCodeNumber,
    Budget,
    Department,
    Extension,
    Pbx,
    ServiceClass,
    Site,
)
from tollbook.storage.policies.budget_use import BudgetRow

__all__ = [
    "BudgetRow",
    "CodeEntry",
    "Directory",
    "Pbx",
    "Phone",
    "Rulebook",
    "RulebookKeeper",
    "SiteEntry",
    "remember",
]

_REMEMBERED = 100_000
_FREEZE_FROM_RATES = 10_000
Key = TypeVar("Key")
Value = TypeVar("Value")
OPEN_CLASS = ClassOfService("open")


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """A site; `resolver` is its compiled dial plan, `class_id` its class of service."""

    id: int
    name: str
    zone: str
    currency: str
    code_length: int
    class_id: int | None
    caller_id: str
    hold_s: int | None
    resolver: Resolver


@dataclass(frozen=True, slots=True)
class Phone:
    """An extension of a site; `class_id` is its own, its department's or its site's class."""

    id: int
    number: str
    name: str
    site_id: int
    department: str
    class_id: int | None
    caller_id: str
    code_exempt: bool
    active: bool


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """An account code with the numbers of its own, in their order."""

    id: int
    code: Code
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """Who calls, and what they may.

    The last three are memo tables of `app.decisions.question`, valid for this directory.
    """

    sites: Mapping[int, SiteEntry]
    pbxs: Mapping[int, Pbx]
    phones: Mapping[tuple[int, str], Phone]
    codes: Mapping[str, CodeEntry]
    code_by_id: Mapping[int, CodeEntry]
    classes: Mapping[int, ServiceClass]
    budgets: Mapping[tuple[str, int], tuple[BudgetRow, ...]]
    payers: Payers
    at_work: dict[tuple[int | None, str], ClassAtWork] = field(default_factory=dict)
    callers: dict[tuple[str, ...], Any] = field(default_factory=dict)
    caller_facts: dict[tuple[Any, int | None], Any] = field(default_factory=dict)
    number_facts: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def service(self, class_id: int | None, zone: str) -> ClassAtWork:
        """Return a class of service with its hours in *zone*; None bars nothing."""
        known = self.at_work.get((class_id, zone))
        if known is None:
            row = self.classes.get(class_id) if class_id is not None else None
            known = ClassAtWork(OPEN_CLASS, (), zone) if row is None else _class(row, zone)
            self.at_work[class_id, zone] = known
        return known

    def class_row(self, class_id: int | None) -> ServiceClass | None:
        """Return the row of a class, for what its rules do not say."""
        return None if class_id is None else self.classes.get(class_id)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The whole, as it stood when the counters read `counts`.

    `accounts` are the ids of the accounts that were open then: they never change.
    """

    counts: tuple[int, int]
    directory: Directory
    prices: Prices
    accounts: dict[tuple[str, str, str], int]


def remember(known: dict[Key, Value], key: Key, value: Value) -> Value:
    """Return *value*, memoised under *key*; a table that is full is emptied first."""
    if len(known) >= _REMEMBERED:
        known.clear()  # Rare, cheap, and memory stays bounded.
    known[key] = value
    return value


class RulebookKeeper:
    """The book of one process, reloaded when it is stale."""

    def __init__(self) -> None:
        self.book: Rulebook | None = None
        self._loading = threading.Lock()

    def refresh(self, at_us: int, *, anew: bool = False) -> Rulebook:
        """Return a book of this moment; tariffs in force from *at_us* on are made ready.

        *anew* reloads the directory even if the counters are unchanged: it lacks a new telephone,
        which they do not count. Outside a transaction, because a large tariff takes seconds.
        """
        known = self.book
        with self._loading:
            # Double-checked: another thread may have loaded it while we waited.
            return self.load(at_us, anew=anew and self.book is known)

    def load(self, at_us: int, *, anew: bool = False) -> Rulebook:
        """Do as `refresh` without the loading lock."""
        before, counts = self.book, change_counts()
        if before is not None and before.counts == counts and not anew:
            return before
        same_directory = before is not None and before.counts[0] == counts[0] and not anew
        directory = before.directory if before and same_directory else _directory()
        prices = _prices(directory, before.prices if before else None, at_us)
        self.book = Rulebook(counts, directory, prices, _accounts())
        if before is None or before.counts[1] != counts[1]:
            _freeze(prices)
        return self.book


def _freeze(prices: Prices) -> None:
    """gc.freeze() large tariffs, so that full collections pass over them.

    A hundred thousand prefixes are a million objects that live as long as the book; a collection
    that traverses them stops every decision for a third of a second.
    """
    pricers = {
        version_id: pricer
        for rater in prices.raters.values()
        for version_id, pricer in rater.pricers.items()
    }
    if sum(len(pricer.compiled.rates) for pricer in pricers.values()) >= _FREEZE_FROM_RATES:
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def _accounts() -> dict[tuple[str, str, str], int]:
    rows = Account.objects.values_list("kind", "name", "currency", "id")
    return {(kind, name, currency): row_id for kind, name, currency, row_id in rows.iterator()}


def _directory() -> Directory:
    departments: dict[int, tuple[str, int | None]] = {
        row_id: (name, class_id)
        for row_id, name, class_id in Department.objects.values_list(
            "id", "name", "service_class_id"
        )
    }
    site_class = dict(Site.objects.values_list("id", "service_class_id"))
    phones = {
        (row.site_id, row.number): _phone(row, departments, site_class)
        for row in Extension.objects.all().iterator()
    }
    numbers: dict[int, set[str]] = {}
    for site_id, number in phones:
        numbers.setdefault(site_id, set()).add(number)
    sites = {
        row.pk: SiteEntry(
            row.pk,
            row.name,
            row.zone,
            row.currency,
            row.code_length,
            row.service_class_id,
            row.caller_id,
            row.hold_s,
            Resolver(dial_plan(row), telephones=frozenset(numbers.get(row.pk, ()))),
        )
        for row in Site.objects.order_by("id")
    }
    pbxs = {row.pk: row for row in Pbx.objects.order_by("id")}
    codes = _codes()
    budgets: dict[tuple[str, int], tuple[BudgetRow, ...]] = {}
    for row in Budget.objects.filter(active=True).order_by("id"):
        entry = budget_row(row)
        budgets[row.kind, row.holder] = (*budgets.get((row.kind, row.holder), ()), entry)
    return Directory(
        sites=sites,
        pbxs=pbxs,
        phones=phones,
        codes={entry.code.code: entry for entry in codes},
        code_by_id={entry.id: entry for entry in codes},
        classes={row.pk: row for row in ServiceClass.objects.all()},
        budgets=budgets,
        payers=Payers.load(),
    )


def _phone(
    row: Extension,
    departments: Mapping[int, tuple[str, int | None]],
    site_class: Mapping[int, int | None],
) -> Phone:
    department, its_class = departments.get(row.department_id or 0, ("", None))
    class_id = row.service_class_id or its_class or site_class.get(row.site_id)
    return Phone(
        row.pk,
        row.number,
        row.name,
        row.site_id,
        department,
        class_id,
        row.caller_id,
        row.code_exempt,
        row.active,
    )


def _codes() -> list[CodeEntry]:
    numbers: dict[int, list[str]] = {}
    for code_id, number in AccountCodeNumber.objects.order_by("code_id", "position").values_list(
        "code_id", "number"
    ):
        numbers.setdefault(code_id, []).append(number)
    inactive_owners = set(
        AccountCode.objects.filter(owner__active=False).values_list("id", flat=True)
    )
    return [
        CodeEntry(
            row.pk,
            Code(
                row.code,
                row.active and row.pk not in inactive_owners,
                Restrictions(
                    row.restrict,
                    row.minimum,
                    row.maximum,
                    read_prefixes(row.blocked),
                    read_prefixes(row.allowed),
                ),
            ),
            tuple(numbers.get(row.pk, ())),
        )
        for row in AccountCode.objects.all().iterator()
    ]


def _class(row: ServiceClass, zone: str) -> ClassAtWork:
    service = ClassOfService(
        row.name,
        read_rules(row.rules),
        row.bars_otherwise,
        row.code_required,
        tuple(row.code_required_types),
    )
    return ClassAtWork(service, read_hours(row.hours), zone)


def _prices(directory: Directory, before: Prices | None, at_us: int) -> Prices:
    """Load the tariffs of every PBX; versions that are compiled already are taken over."""
    raters: dict[int, Rater] = {}
    rules: dict[int, Rules] = {}
    last: Rater | None = next(iter(before.raters.values()), None) if before else None
    for pbx_id in directory.pbxs:
        rules[pbx_id] = load_rules(pbx_id, known=before.rules.get(pbx_id) if before else None)
        last = raters[pbx_id] = Rater(rules[pbx_id], before=last)
        _compile(last, rules[pbx_id], at_us)
    return Prices(raters, rules, load_plans(), RateTable())


def _compile(rater: Rater, rules: Rules, at_us: int) -> None:
    """Compile the versions that price calls from *at_us* on, so that no call waits for it."""
    tariffs = {one.tariff_id for one in rules.assignments if one.kind == CHARGE}
    for tariff_id in tariffs:
        in_force = rater.version(tariff_id, at_us)
        for version in rules.versions.get(tariff_id, ()):
            is_coming = in_force is None or version.valid_from_us >= in_force.valid_from_us
            if is_coming and version.version_id not in rater.pricers:
                rater.pricers[version.version_id] = TariffPricer(version)
