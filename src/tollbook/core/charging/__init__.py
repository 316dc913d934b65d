"""Charging: the one function that a decision, a what-if and the final charge all call.

It composes a base price with what stands around it, in RUL-09's order, and explains every step.
Source: docs/algorithms/charging.md.
"""

from tollbook.core.charging.compose import (
    Charged,
    ChargeStep,
    Counters,
    Effects,
    Memory,
    Original,
    charge,
    facts_of,
    longest_talk,
)
from tollbook.core.charging.plan import Assignment, ExchangeRate, Plan
from tollbook.core.charging.reading import PlanReading, read_plan
from tollbook.core.rating import Unrated

__all__ = [
    "Assignment",
    "ChargeStep",
    "Charged",
    "Counters",
    "Effects",
    "ExchangeRate",
    "Memory",
    "Original",
    "Plan",
    "PlanReading",
    "Unrated",
    "charge",
    "facts_of",
    "longest_talk",
    "read_plan",
]
