"""What is wrong with something that somebody wrote, field by field."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field, as a sentence that says what is expected."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """Why nothing was done: a stable code, the field that it is about, and what to do."""

    code: str
    field: str
    message: str


class FieldsRefused(ValueError):
    """Something that cannot be kept as it was written; `faults` name the fields."""

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = tuple(faults)

    @property
    def by_field(self) -> dict[str, str]:
        """What is wrong with each field, as forms show it."""
        return {fault.field: fault.message for fault in self.faults}
