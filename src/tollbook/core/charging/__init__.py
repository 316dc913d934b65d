"""Charging: the one function that a decision, a what-if and the final charge all call.

It composes a base price with what stands around it, in RUL-09's order, and explains every step.
Source: docs/algorithms/charging.md.
"""

from tollbook.core.charging.compose import (
    Charged,
    ChargeStep,
    Counters,
    Effects,
    InMemoryCounters,
    Original,
    charge,
    facts_of,
    longest_talk,
    step_object,
)
from tollbook.core.charging.plan import DatedExchangeRate, Plan, PlanAssignment
from tollbook.core.charging.reading import PlanReading, read_plan
from tollbook.core.rating import Unrated

__all__ = [
    "ChargeStep",
    "Charged",
    "Counters",
    "DatedExchangeRate",
    "Effects",
    "InMemoryCounters",
    "Original",
    "Plan",
    "PlanAssignment",
    "PlanReading",
    "Unrated",
    "charge",
    "facts_of",
    "longest_talk",
    "read_plan",
    "step_object",
]
