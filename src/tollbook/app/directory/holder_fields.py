"""What can be set about an extension, an owner or a department, as people write it.

Screens, imports and the API read their texts here, so that a field means the same everywhere.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tollbook.app.directory.holders import HolderKind
from tollbook.app.faults import FieldFault
from tollbook.core.money import format_amount, from_micros, parse_amount, to_micros
from tollbook.storage.models import Department, Extension, Owner, ServiceClass
from tollbook.storage.models.directory import PaymentType

MOST_CREDIT_MICROS = 10**15
MOST_CALL_S = 31 * 86_400
MOST_CALLS_AT_ONCE = 10_000
MOST_NAME_CHARS = 120

FieldValue = bool | int | str | None
Holding = Extension | Owner | Department


@dataclass(frozen=True, slots=True)
class HolderField:
    """One field of the form: its column, its title, and for whom it is.

    `unit` is "money", "s" or empty; `choices` are (text, words), empty for what is typed.
    `advanced` ones lie in the fold. `bulk` says whether many can get the same value.
    """

    name: str
    column: str
    title: str
    kinds: tuple[HolderKind, ...] = ("extension", "owner", "department")
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    advanced: bool = True
    bulk: bool = True
    help: str = ""


_YES_NO = (("yes", "Yes"), ("no", "No"))
FIELDS = (
    HolderField(
        "billing",
        "billing",
        "Enable Billing",
        choices=(("on", "On"), ("off", "Off")),
        advanced=False,
        help="Off: outgoing calls are never billed here.",
    ),
    HolderField(
        "credit",
        "credit_micros",
        "Credit",
        unit="money",
        advanced=False,
        help="What may be spent when the balance is finished.",
    ),
    HolderField(
        "status",
        "locked",
        "Status",
        choices=(("unlocked", "Unlocked"), ("locked", "Locked")),
        advanced=False,
        help="Locked: outgoing calls are refused. Incoming, internal and emergency calls pass.",
    ),
    HolderField(
        "payment_type",
        "payment_type",
        "Payment Type",
        choices=(("prepaid", "Prepaid"), ("postpaid", "Postpaid")),
        advanced=False,
        help="A change starts Total Recharges anew; ledger, balance and credit stay.",
    ),
    HolderField("name", "name", "Username", kinds=("extension",), bulk=False),
    HolderField("email", "email", "E-mail", kinds=("extension", "owner"), bulk=False),
    HolderField("department", "department_id", "Department", kinds=("extension",)),
    HolderField(
        "service_class",
        "service_class_id",
        "Class of service",
        kinds=("extension", "department"),
        help="None: the department's, else the site's.",
    ),
    HolderField(
        "call_limit",
        "call_limit_micros",
        "Cost limit of a call",
        unit="money",
        help="Empty: no limit.",
    ),
    HolderField(
        "call_limit_s",
        "call_limit_s",
        "Longest call",
        unit="s",
        help="Empty: no limit.",
    ),
    HolderField(
        "floor",
        "floor_micros",
        "Balance floor",
        unit="money",
        help="With a balance (without credit) below it, calls are refused. Empty: no floor.",
    ),
    HolderField(
        "concurrent_limit",
        "concurrent_limit",
        "Calls at once",
        help="Empty: no limit.",
    ),
    HolderField(
        "caller_id",
        "caller_id",
        "Caller id",
        kinds=("extension",),
        help="Shown to carriers instead of the site's.",
    ),
    HolderField(
        "code_exempt",
        "code_exempt",
        "Needs no account code",
        kinds=("extension",),
        choices=_YES_NO,
    ),
    HolderField("active", "active", "In use", kinds=("extension", "owner"), choices=_YES_NO),
)
BY_NAME = {field.name: field for field in FIELDS}


def fields_of(kind: HolderKind) -> tuple[HolderField, ...]:
    """Return the fields that a *kind* has, in the order of the form."""
    return tuple(field for field in FIELDS if kind in field.kinds)


def read_changes(
    kind: HolderKind, texts: Mapping[str, str], *, site_id: int | None
) -> dict[str, FieldValue] | list[FieldFault]:
    """Return the columns that *texts* (by name of field) set, or every fault.

    Departments must be of the site. A field that *kind* does not have is a fault. The message of
    a fault goes on from the field's title.
    """
    changes: dict[str, FieldValue] = {}
    faults: list[FieldFault] = []
    for name, text in texts.items():
        field = BY_NAME.get(name)
        if field is None or kind not in field.kinds:
            faults.append(FieldFault(name[:40], f"is no field of {kind}s."))
            continue
        try:
            changes[field.column] = _read(field, text.strip(), site_id)
        except ValueError as fault:
            faults.append(FieldFault(name, str(fault)))
    return faults or changes


def value_text(field: HolderField, value: object) -> str:
    """Return a stored value as the form writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _BOOLS[field.name][0 if value else 1]
    if field.unit == "money" and isinstance(value, int):
        return format_amount(from_micros(value))
    return str(value)


def value_words(field: HolderField, value: object) -> str:
    """Return a stored value in the words of the screens."""
    text = value_text(field, value)
    if field.name in _LINKED and value is not None:
        row = _LINKED[field.name].objects.filter(pk=int(text)).first()
        return row.name if row else text
    return dict(field.choices).get(text, text) or "none"


def _read(field: HolderField, text: str, site_id: int | None) -> FieldValue:
    """Return the value of *text*; raises ValueError with a message about the field."""
    return _READERS.get(field.name, _plain)(field, text, site_id)


def _choice(field: HolderField, text: str, _site_id: int | None) -> FieldValue:
    if text not in dict(field.choices):
        known = ", ".join(value for value, _ in field.choices)
        raise ValueError(f'is {known}; "{text[:40]}" is neither.')
    if field.name in _BOOLS:
        return text == _BOOLS[field.name][0]
    return text


def _money(field: HolderField, text: str, _site_id: int | None) -> FieldValue:
    if not text and field.name != "credit":
        return None
    try:
        micros = to_micros(parse_amount(text or "0"))
    except ValueError:
        raise ValueError(f'is an amount as 10 or 10.50; "{text[:40]}" is none.') from None
    if micros % 100:
        raise ValueError("has at most four decimals.")
    if micros < 0 and field.name != "floor":
        raise ValueError("is not below 0.")
    if abs(micros) > MOST_CREDIT_MICROS:
        raise ValueError("is at most 1,000,000,000.")
    return micros


def _count(most: int) -> Callable[[HolderField, str, int | None], FieldValue]:
    def read(_field: HolderField, text: str, _site_id: int | None) -> FieldValue:
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
            raise ValueError(f'is a whole number from 1 to {most:,}; "{text[:40]}" is not.')
        return int(text)

    return read


def _plain(field: HolderField, text: str, _site_id: int | None) -> FieldValue:
    longest = _LONGEST.get(field.name, MOST_NAME_CHARS)
    if len(text) > longest:
        raise ValueError(f"has {len(text)} characters, at most {longest}.")
    if not text.isprintable():
        raise ValueError("holds a character that cannot be shown.")
    return text


def _caller_id(field: HolderField, text: str, site_id: int | None) -> FieldValue:
    if not set(text) <= set("+0123456789"):
        raise ValueError("is digits, with a leading + if need be.")
    return _plain(field, text, site_id)


def _department(_field: HolderField, text: str, site_id: int | None) -> FieldValue:
    return _linked(
        text, Department.objects.filter(site_id=site_id or 0).values_list("pk", flat=True)
    )


def _service_class(_field: HolderField, text: str, _site_id: int | None) -> FieldValue:
    return _linked(text, ServiceClass.objects.values_list("pk", flat=True))


def _linked(text: str, ids: Iterable[int]) -> FieldValue:
    if not text:
        return None
    known = {str(one): one for one in ids}
    if text not in known:
        raise ValueError("is not there any more. Choose another.")
    return int(known[text])


_BOOLS = {
    "billing": ("on", "off"),
    "status": ("locked", "unlocked"),
    "code_exempt": ("yes", "no"),
    "active": ("yes", "no"),
}
_LONGEST = {"email": 254, "caller_id": 32}
_LINKED: dict[str, type[Department] | type[ServiceClass]] = {
    "department": Department,
    "service_class": ServiceClass,
}
_READERS: dict[str, Callable[[HolderField, str, int | None], FieldValue]] = {
    "billing": _choice,
    "credit": _money,
    "status": _choice,
    "payment_type": _choice,
    "department": _department,
    "service_class": _service_class,
    "call_limit": _money,
    "call_limit_s": _count(MOST_CALL_S),
    "floor": _money,
    "concurrent_limit": _count(MOST_CALLS_AT_ONCE),
    "caller_id": _caller_id,
    "code_exempt": _choice,
    "active": _choice,
}
if set(BY_NAME["payment_type"].choices) != {(one.value, one.label) for one in PaymentType}:
    raise RuntimeError("the payment types of form and table differ")
