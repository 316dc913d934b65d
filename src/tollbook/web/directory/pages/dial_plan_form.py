"""A dial plan as a form: lists a line each, and each fault at the field that it is about."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tollbook.core.dialplan import DialPlan, DialPlanFault, dial_plan_document

LONGEST_TEXT = 65_536


@dataclass(frozen=True, slots=True)
class PlanField:
    """One field: its key in the document, and what it is about."""

    key: str
    title: str
    help: str
    kind: str = "list"


@dataclass(frozen=True, slots=True)
class ShownPlanField:
    """One field with its text and what is wrong with it."""

    field: PlanField
    text: str
    rows: int
    faults: tuple[str, ...]


PLAN_FIELDS = (
    PlanField("country", "Country", "Two capitals, as DE: decides emergency numbers", "text"),
    PlanField("area_code", "Own area code", "Without the 0 before it, as 30", "text"),
    PlanField("national_prefix", "National prefix", "Before an area code, as 0", "text"),
    PlanField("international_prefix", "International prefix", "As 00 or 011", "text"),
    PlanField("outside_prefixes", "Outside line", "Keys for a line, as 0 or 9"),
    PlanField("secret_prefixes", "Secret prefixes", "Keys before a number that nobody should see"),
    PlanField("carrier_prefixes", "Carrier prefixes", "As 010xx; x stands for any digit"),
    PlanField("extension_ranges", "Extensions", "As 100-199, 8xx or 105; calls among them stay in"),
    PlanField("own_numbers", "Own numbers", "What the world dials before an extension: 493023125"),
    PlanField("short_codes", "Short codes", "Keys = number, as 701 = +49301234", "pairs"),
    PlanField("feature_codes", "Feature codes", "Keys that begin with * or #"),
    PlanField("emergency", "More emergency numbers", "Beside those of the country"),
)


def form_texts(plan: DialPlan) -> dict[str, str]:
    """Return the text of each field for *plan*."""
    document = dial_plan_document(plan)
    texts = {}
    for field in PLAN_FIELDS:
        value = document[field.key]
        if isinstance(value, Mapping):
            texts[field.key] = "\n".join(f"{keys} = {number}" for keys, number in value.items())
        elif isinstance(value, list):
            texts[field.key] = "\n".join(str(one) for one in value)
        else:
            texts[field.key] = str(value)
    return texts


def read_texts(texts: Mapping[str, str]) -> dict[str, object]:
    """Return the document that the texts of a form describe; `read_dial_plan` finds its faults."""
    document: dict[str, object] = {}
    for field in PLAN_FIELDS:
        lines = [line.strip() for line in texts.get(field.key, "").splitlines() if line.strip()]
        if field.kind == "text":
            document[field.key] = " ".join(lines)
        elif field.kind == "pairs":
            pairs = [line.partition("=") for line in lines]
            document[field.key] = {keys.strip(): number.strip() for keys, _, number in pairs}
        else:
            document[field.key] = lines
    return document


def shown_fields(
    texts: Mapping[str, str], faults: Sequence[DialPlanFault] = ()
) -> tuple[ShownPlanField, ...]:
    """Return the fields of the form, each with its own faults."""
    of_field: dict[str, list[str]] = defaultdict(list)
    for fault in faults:
        key = fault.place.partition("[")[0].partition(".")[0]
        of_field[key].append(fault.message)
    return tuple(
        ShownPlanField(
            field=field,
            text=texts.get(field.key, ""),
            rows=max(2, min(10, texts.get(field.key, "").count("\n") + 1)),
            faults=tuple(of_field[field.key]),
        )
        for field in PLAN_FIELDS
    )
