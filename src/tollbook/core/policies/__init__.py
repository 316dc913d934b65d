"""Policies: who may call what, when, for how long, and why not.

Pure: the caller brings everything that a decision looks at, read in one transaction.
"""

from tollbook.core.policies.barring import Destination, Rule, ServiceClass, is_barred
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
    Asked,
    Code,
    Denied,
    Limits,
    Pricing,
    Reason,
    Settings,
    Step,
    decide,
)

__all__ = [
    "Allowed",
    "Asked",
    "Code",
    "Denied",
    "Destination",
    "Keyed",
    "Limits",
    "Pricing",
    "Reason",
    "Restrictions",
    "Rule",
    "ServiceClass",
    "Settings",
    "Step",
    "decide",
    "is_barred",
    "read_keys",
    "read_prefixes",
    "refusal",
    "take_authorisation",
]
