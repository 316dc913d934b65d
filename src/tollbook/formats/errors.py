"""What can go wrong while reading records, as values and as faults.

A line that cannot be read is expected: it becomes a Reject, built from `Malformed`. A wrong
definition or a missing zone is a fault of the set-up: it is raised and stops the reading.
"""

from collections.abc import Sequence


class Malformed(Exception):
    """A record that cannot be read; *reason* is a stable code."""

    def __init__(self, reason: str, finding: str, expectation: str) -> None:
        super().__init__(finding)
        self.reason = reason
        self.finding = finding
        self.expectation = expectation


class DefinitionError(ValueError):
    """A format definition that is refused; *faults* name each place and what is wrong there."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        self.name = name
        self.faults = tuple(faults)
        super().__init__(
            f"{name}: the definition is refused, {len(self.faults)} fault(s):\n"
            + "\n".join(f"  {fault}" for fault in self.faults)
        )


class UnknownFormatError(ValueError):
    """A format name that nobody knows."""


class FormatNotBuiltError(ValueError):
    """A format that is planned by name and has no definition yet."""


class ZoneError(ValueError):
    """The zone of the records' local stamps is missing or unknown."""


def reject_message(place: str, finding: str, expectation: str) -> str:
    """Return the words of a reject: place, finding, expectation, consequence, next step.

    >>> reject_message("a.csv:7", 'duration "00:0A:12"', "HH:MM:SS")
    'a.csv:7: duration "00:0A:12" is not HH:MM:SS. The record was set aside and nothing was charged for it. Correct the line or the definition, then parse again.'
    """  # noqa: E501 - a doctest's result cannot be wrapped
    return (
        f"{place}: {finding} is not {expectation}. The record was set aside and nothing was "
        "charged for it. Correct the line or the definition, then parse again."
    )


def quoted(text: str, *, at_most: int = 60) -> str:
    """Return *text* in quotes for a message, cut to *at_most* characters, controls escaped.

    >>> quoted("12\\x00")
    '"12\\\\x00"'
    """
    shown = text if len(text) <= at_most else text[:at_most] + "…"
    return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown) + '"'
