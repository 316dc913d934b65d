"""The tables.

Models hold columns and constraints, not decisions. Units end the names: `*_us` is microseconds
since 1970-01-01T00:00:00Z, `*_ms` milliseconds, `*_micros` millionths of the currency beside it
(docs/decisions/0004). A text that the record did not say is the empty text; a number or an
instant that it did not say is null. Links never cascade, and have an index only where a query
needs it: most of these tables are written by the thousand.
"""

from tollbook.storage.models.access import (
    ApiToken,
    ExtensionPin,
    IdempotentAnswer,
    LoginFailure,
    UserRole,
    UserSession,
)
from tollbook.storage.models.audit import AuditLog, Meta
from tollbook.storage.models.calls import Call, CallRecord, Duplicate, Leg
from tollbook.storage.models.charges import Charge, RatingRun
from tollbook.storage.models.columnar import ChangedCall, ColumnMark, ColumnMonth
from tollbook.storage.models.directory import (
    AccountCode,
    AccountCodeNumber,
    Department,
    Extension,
    Owner,
    Trunk,
)
from tollbook.storage.models.ledger import (
    Account,
    Balance,
    BalanceSnapshot,
    CallPayer,
    LedgerEntry,
    LedgerHold,
    LedgerPosting,
)
from tollbook.storage.models.places import (
    Pbx,
    Site,
    Source,
    SourceDay,
    SourcePosition,
    SourceState,
)
from tollbook.storage.models.plans import (
    ChargeParts,
    CodeChange,
    Counter,
    ExchangeRate,
    Fee,
    PlanVersion,
)
from tollbook.storage.models.policies import (
    Alarm,
    Budget,
    BudgetUse,
    FraudGuard,
    Refusal,
    ServiceClass,
)
from tollbook.storage.models.raw import ImportFile, RawRecord, RawSegment, Reject
from tollbook.storage.models.tariffs import CarrierMapping, Tariff, TariffAssignment, TariffVersion

__all__ = [
    "Account",
    "AccountCode",
    "AccountCodeNumber",
    "Alarm",
    "ApiToken",
    "AuditLog",
    "Balance",
    "BalanceSnapshot",
    "Budget",
    "BudgetUse",
    "Call",
    "CallPayer",
    "CallRecord",
    "CarrierMapping",
    "ChangedCall",
    "Charge",
    "ChargeParts",
    "CodeChange",
    "ColumnMark",
    "ColumnMonth",
    "Counter",
    "Department",
    "Duplicate",
    "ExchangeRate",
    "Extension",
    "ExtensionPin",
    "Fee",
    "FraudGuard",
    "IdempotentAnswer",
    "ImportFile",
    "LedgerEntry",
    "LedgerHold",
    "LedgerPosting",
    "Leg",
    "LoginFailure",
    "Meta",
    "Owner",
    "Pbx",
    "PlanVersion",
    "RatingRun",
    "RawRecord",
    "RawSegment",
    "Refusal",
    "Reject",
    "ServiceClass",
    "Site",
    "Source",
    "SourceDay",
    "SourcePosition",
    "SourceState",
    "Tariff",
    "TariffAssignment",
    "TariffVersion",
    "Trunk",
    "UserRole",
    "UserSession",
]
