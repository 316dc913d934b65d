"""Who does something, when and from where: handed from the edges to whatever writes it down."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, or a program by its token; `address` is "" where there is none."""

    name: str
    at: datetime
    address: str = ""
