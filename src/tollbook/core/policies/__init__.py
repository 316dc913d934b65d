"""Policies: who may call what, when, for how long, and why not.

Pure: the caller brings everything that a decision looks at, read in one transaction.
"""

from tollbook.core.policies.barring import BarringRule, ClassOfService, Destination, is_barred
from tollbook.core.policies.codes import (
    Keyed,
    Restrictions,
    read_keys,
    read_prefixes,
    refusal,
    take_authorisation,
)
from tollbook.core.policies.decision import (
    Allowed,
    Code,
    DecisionInput,
    DecisionStep,
    Denied,
    HoldSettings,
    Limits,
    Pricing,
    Reason,
    decide,
)

__all__ = [
    "Allowed",
    "BarringRule",
    "ClassOfService",
    "Code",
    "DecisionInput",
    "DecisionStep",
    "Denied",
    "Destination",
    "HoldSettings",
    "Keyed",
    "Limits",
    "Pricing",
    "Reason",
    "Restrictions",
    "decide",
    "is_barred",
    "read_keys",
    "read_prefixes",
    "refusal",
    "take_authorisation",
]
