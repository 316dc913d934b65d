"""The dial plan of a site: from what was dialled to what was reached."""

from tollbook.core.dialplan.billable import unbilled_reason
from tollbook.core.dialplan.plan import (
    DialPlan,
    DialPlanReading,
    ExtensionRange,
    PlanFault,
    default_plan,
    plan_document,
    read_plan,
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
    "DialPlanReading",
    "ExtensionRange",
    "NumberStep",
    "PlanFault",
    "Reached",
    "Resolver",
    "Target",
    "default_plan",
    "plan_document",
    "read_plan",
    "resolve",
    "unbilled_reason",
]
