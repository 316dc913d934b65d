"""Proves that what is stored is whole: balances, charges, budgets, copies, files.

    for checked in examine():   # one `ProofResult` a proof, in order
        ...

Every proof compares two things that were written apart; nothing is changed. What is only derived
(the use of budgets, the columnar copy) can be made anew with `mend`. Docs: docs/manual/doctor.md.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tollbook.app.policies.budget_proof import mend_uses, wrong_uses
from tollbook.app.rerating.counter_proof import mend_counters, wrong_counters
from tollbook.app.upkeep.columnar_copy import differences, rebuild
from tollbook.core.money import format_amount, from_micros
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.db.call_journal import missing_journal
from tollbook.storage.db.change_counters import missing_counters
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.immutability import missing_immutability
from tollbook.storage.db.installation import current
from tollbook.storage.upkeep.proofs import (
    broken_pages,
    paid_otherwise,
    segment_ends,
    snapshots_otherwise,
)


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """One thing that is not as it should be: where, what was found, what follows, what to do."""

    code: str
    place: str
    finding: str
    consequence: str
    next_step: str

    @property
    def message(self) -> str:
        """The fault as sentences."""
        return f"{self.place}: {self.finding}. {self.consequence} {self.next_step}"


@dataclass(frozen=True, slots=True)
class ProofResult:
    """One proof and the first of what speaks against it; of none, it holds."""

    name: str
    proves: str
    faults: tuple[HealthFinding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether the proof holds."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class _Proof:
    name: str
    proves: str
    find: Callable[[], Sequence[HealthFinding]]
    mend: Callable[[], object] | None = None


def examine() -> Iterator[ProofResult]:
    """Yield each proof once it is made; the installation may go on working meanwhile."""
    for proof in _PROOFS:
        yield ProofResult(proof.name, proof.proves, tuple(proof.find()))


def mend() -> Iterator[ProofResult]:
    """Rebuild what is only derived and found wrong; yield what each was before."""
    for proof in _PROOFS:
        if proof.mend is None:
            continue
        faults = tuple(proof.find())
        if faults:
            proof.mend()
        yield ProofResult(proof.name, proof.proves, faults)


def _database() -> list[HealthFinding]:
    connection = current_connection()
    return [
        HealthFinding(
            "database.broken",
            "database",
            found,
            "What it holds cannot be relied on.",
            "Stop Tollbook, keep a copy of the folder, and restore the newest backup.",
        )
        for found in broken_pages(connection.vendor)
    ]


def _guards() -> list[HealthFinding]:
    connection = current_connection()
    missing = (
        *missing_immutability(connection),
        *missing_journal(connection),
        *missing_counters(connection),
    )
    return [
        HealthFinding(
            "guards.missing",
            f"trigger {name}",
            "it is absent or was altered",
            "What must not change could be changed unseen.",
            "Start Tollbook again: it puts its triggers back.",
        )
        for name in missing
    ]


def _ledger() -> list[HealthFinding]:
    return [
        HealthFinding(
            fault.code,
            fault.place,
            f"{fault.finding}: {_money(fault.stated_micros)} and {_money(fault.found_micros)}",
            "Whoever has this account may spend too much or too little.",
            "Restore a backup, or post an adjustment that says why.",
        )
        for fault in verify_balances()
    ]


def _charges() -> list[HealthFinding]:
    return [
        HealthFinding(
            "charge.paid_otherwise",
            f"call {one.call_id}, {one.account}",
            f"{_money(one.charged_micros)} {one.currency} are charged and "
            f"{_money(one.paid_micros)} were paid",
            "The account paid too much or too little for this call.",
            "Post an adjustment of the difference that names the call.",
        )
        for one in paid_otherwise()
    ]


def _budgets() -> list[HealthFinding]:
    return [
        HealthFinding(
            "budget.differs",
            one.place,
            f"it says that {_money(one.stated.used_micros)} and {one.stated.used_s} s are used, "
            f"{_money(one.stated.held_micros)} and {one.stated.held_s} s held; calls and holds "
            f"come to {_money(one.found.used_micros)} and {one.found.used_s} s, "
            f"{_money(one.found.held_micros)} and {one.found.held_s} s",
            "The budget closes too early or too late.",
            "Run `tollbook doctor --mend`.",
        )
        for one in wrong_uses()
    ]


def _counters() -> list[HealthFinding]:
    return [
        HealthFinding(
            "counter.differs",
            f"counter {one.key}",
            f"it says {one.stated.amount} and {one.stated.seconds} s, the charges in force come "
            f"to {one.found.amount} and {one.found.seconds} s",
            "Volume discounts and free seconds begin too early or too late.",
            "Run `tollbook doctor --mend`, then re-rate the calls of its period.",
        )
        for one in wrong_counters()
    ]


def _snapshots() -> list[HealthFinding]:
    return [
        HealthFinding(
            "snapshot.differs",
            f"{one.account}, snapshot of {one.day}",
            f"it says {_money(one.stated_micros)}, its postings come to {_money(one.found_micros)}",
            "Statements that begin there are wrong; the balance is not.",
            "Restore a backup in which the postings are whole.",
        )
        for one in snapshots_otherwise()
    ]


def _copy() -> list[HealthFinding]:
    return [
        HealthFinding(
            "copy.differs",
            f"columnar copy, month {one.month}" if one.month else "columnar copy",
            one.message.rstrip("."),
            "Reports and searches may show other calls than are stored.",
            "Run `tollbook doctor --mend`.",
        )
        for one in differences()
    ]


def _raw_log() -> list[HealthFinding]:
    faults = []
    for segment in segment_ends():
        path = current().data_dir / segment.path
        size = path.stat().st_size if path.is_file() else None
        if size is not None and size >= segment.indexed_bytes:
            continue
        finding = (
            "the file is not there"
            if size is None
            else f"it has {size:,} bytes, of which {segment.indexed_bytes:,} are indexed"
        )
        faults.append(
            HealthFinding(
                "raw.missing",
                f"{path} of source {segment.source}",
                finding,
                "The calls stay as they are, but they cannot be read again.",
                "Bring the file back from a backup.",
            )
        )
    return faults


def _money(micros: int) -> str:
    return format_amount(from_micros(micros))


_PROOFS = (
    _Proof("database", "the database finds its own pages and links whole", _database),
    _Proof("guards", "what must not change is guarded by the database itself", _guards),
    _Proof(
        "ledger",
        "balances are the sums of their postings, held money the sum of pending holds, and "
        "every entry balances",
        _ledger,
    ),
    _Proof(
        "charges",
        "every call that somebody pays was paid once, at the charge in force",
        _charges,
    ),
    _Proof(
        "budgets",
        "what is used of budgets is what calls and holds come to",
        _budgets,
        mend_uses,
    ),
    _Proof(
        "counters",
        "volumes and bundles stand at what the charges in force count",
        _counters,
        mend_counters,
    ),
    _Proof("snapshots", "nightly balances are the sums of the postings they count", _snapshots),
    _Proof(
        "columns",
        "the columnar copy agrees with the tables",
        _copy,
        rebuild,
    ),
    _Proof("raw log", "the bytes of every record are on disk", _raw_log),
)
