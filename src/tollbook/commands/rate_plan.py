"""`tollbook rate --plan`: price calls in their order by a plan and the tariffs that it names."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tollbook.commands.files import cannot_read
from tollbook.commands.rate_input import RateInput
from tollbook.commands.words import note, tell
from tollbook.core.charging import (
    Charged,
    InMemoryCounters,
    Plan,
    charge,
    facts_of,
    longest_talk,
    read_plan,
    step_object,
)
from tollbook.core.money import format_amount
from tollbook.core.rating import TalkedCall, Unrated
from tollbook.core.tariff import CompiledTariff, TariffSyntaxError, decode_tariff

DEFAULT = ""  # The name under which the tariff of `--tariff` stands among the plan's own.


@dataclass(slots=True)
class PlannedRating:
    """A plan, its compiled tariffs, and what the calls so far have used up."""

    plan: Plan
    tariffs: dict[str, CompiledTariff]
    memory: InMemoryCounters = field(default_factory=InMemoryCounters)

    def charge(self, call: TalkedCall) -> Charged | Unrated:
        """Charge *call* and count what it used."""
        result = charge(self.plan, self.tariffs, call, self.memory, default=DEFAULT)
        if isinstance(result, Charged):
            self.memory.apply(result.effects)
        return result

    def longest(self, question: RateInput, credit: Decimal) -> int | Unrated | None:
        """Return how long the call of *question* may last for its credit; nothing is counted."""
        return longest_talk(
            self.plan,
            self.tariffs,
            question.call,
            self.memory,
            credit=credit,
            at_most_s=question.at_most_s,
            default=DEFAULT,
        )

    def tariff_of(self, call: TalkedCall) -> CompiledTariff:
        """Return the tariff that the plan assigns to *call*."""
        return self.tariffs[self.plan.tariff_for(facts_of(call)) or DEFAULT]


def read_plan_file(name: str) -> Plan | None:
    """Return the plan in the file *name*, or None after telling every fault."""
    try:
        reading = read_plan(decode_tariff(Path(name).read_bytes(), name=name))
    except OSError as fault:
        tell("rate", cannot_read(name, fault))
        return None
    except TariffSyntaxError as fault:
        tell("rate", f"{name}: {fault.place}: {fault.message}. The plan was refused whole.")
        return None
    for found in reading.faults:
        note(f"{name}: {found.place or 'the document'}: {found.message}")
    if reading.plan is None:
        tell("rate", f"{name}: the plan was refused whole; no call was priced.")
    return reading.plan


def tariff_files(plan: Plan, plan_file: str) -> dict[str, Path]:
    """Return the files of the tariffs that *plan* names: relative to the plan's own folder."""
    folder = Path(plan_file).parent
    return {assignment.tariff: folder / assignment.tariff for assignment in plan.assignments}


def charge_answer(call_id: object, result: Charged) -> dict[str, object]:
    """Return the keys that a charge under a plan adds to, or has in place of, the base answer's."""
    answer: dict[str, object] = {
        "charge": format_amount(result.charge),
        "currency": result.currency,
        "billed_s": result.billed_s,
        "tariff": result.tariff or None,
        "steps": [step_object(step) for step in result.steps],
    }
    if result.tax:
        answer["tax"] = format_amount(result.tax)
    if result.original is not None:
        answer["original"] = {
            "amount": format_amount(result.original.amount),
            "currency": result.original.currency,
            "rate": format_amount(result.original.rate.rate),
            "on": result.original.rate.on.isoformat(),
        }
    return {"id": call_id, **answer}
