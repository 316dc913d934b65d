"""The dial plan of a site: from what was dialled to what was reached."""

from tollbook.core.dialplan.billable import unbilled_reason
from tollbook.core.dialplan.plan import (
    DialPlan,
    DialPlanFault,
    DialPlanReading,
    ExtensionRange,
    default_dial_plan,
    dial_plan_document,
    read_dial_plan,
)
from tollbook.core.dialplan.reach import (
    CALL_TYPES,
    CallerNumber,
    NumberStep,
    Reached,
    Resolver,
    Target,
    resolve,
)

__all__ = [
    "CALL_TYPES",
    "CallerNumber",
    "DialPlan",
    "DialPlanFault",
    "DialPlanReading",
    "ExtensionRange",
    "NumberStep",
    "Reached",
    "Resolver",
    "Target",
    "default_dial_plan",
    "dial_plan_document",
    "read_dial_plan",
    "resolve",
    "unbilled_reason",
]
