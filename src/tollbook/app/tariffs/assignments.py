"""The list of assignments kept in order, and the question which of them a call falls under.

Source: docs/manual/assignments.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.pricing.pbx_rules import CHARGE, COST
from tollbook.app.tariffs.assign import (
    DEFAULT_POSITION,
    AssignmentInfo,
    AssignmentRefused,
    list_assignments,
)
from tollbook.app.tariffs.overview import VersionLine, version_in_force
from tollbook.core.instants import to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import Extension, Pbx, Tariff, TariffAssignment, Trunk

KINDS = (CHARGE, COST)


@dataclass(frozen=True, slots=True)
class AskedCall:
    """The call about which is asked: "" is what nobody knows. *at* is when talk begins."""

    pbx_id: int
    at: datetime
    trunk: str = ""
    extension: str = ""
    account_code: str = ""
    source_ip: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One assignment and what was found about it: why it does not fit, "" if it does."""

    assignment: AssignmentInfo
    misfit: str
    won: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which tariff prices a call of one kind, and every assignment asked, in order.

    *winner* None: no assignment fits. *version* None: none of its tariff was in force.
    """

    kind: str
    judged: tuple[Judged, ...]
    winner: AssignmentInfo | None
    version: VersionLine | None


def which_tariff(call: AskedCall, *, kind: str = CHARGE) -> Verdict:
    """Return which tariff prices *call*, and why each assignment before it does not."""
    facts = _AssignmentMatcher(call)
    places = _places(kind)
    judged: list[Judged] = []
    winner = None
    for one in list_assignments():
        if one.kind != kind:
            continue
        misfit = facts.misfit(places[one.id])
        won = winner is None and not misfit
        if won:
            winner = one
        judged.append(Judged(one, misfit, won))
    version = version_in_force(winner.tariff_id, at=call.at) if winner else None
    return Verdict(kind, tuple(judged), winner, version)


def move_assignment(assignment_id: int, to: Literal["up", "down"], *, by: Actor) -> bool:
    """Let an assignment change places with its neighbour; False: there is none to change with.

    The default stays the last.
    """
    with door().transaction():
        row = TariffAssignment.objects.filter(pk=assignment_id).first()
        if row is None or row.position == DEFAULT_POSITION:
            return False
        ordered = list(
            TariffAssignment.objects.filter(kind=row.kind)
            .exclude(position=DEFAULT_POSITION)
            .order_by("position", "id")
        )
        here = next(at for at, one in enumerate(ordered) if one.pk == row.pk)
        there = here + (-1 if to == "up" else 1)
        if not 0 <= there < len(ordered):
            return False
        ordered[here], ordered[there] = ordered[there], ordered[here]
        for position, one in enumerate(ordered, start=1):
            if one.position != position:
                TariffAssignment.objects.filter(pk=one.pk).update(position=position)
        record_change(
            by,
            f"assignment.{to}",
            of=("assignment", assignment_id),
            before={"place": here + 1},
            after={"place": there + 1},
        )
    return True


def set_default(kind: str, tariff_id: int | None, *, by: Actor) -> None:
    """Let a tariff price all calls that no other assignment claims; None: let none.

    Raises AssignmentRefused for a tariff that does not exist.
    """
    with door().transaction():
        if tariff_id is not None and not Tariff.objects.filter(pk=tariff_id).exists():
            raise AssignmentRefused(f"there is no tariff {tariff_id}")
        rows = TariffAssignment.objects.filter(position=DEFAULT_POSITION, kind=kind)
        row = rows.first()
        before = row.tariff_id if row else None
        if before == tariff_id:
            return
        if tariff_id is None:
            rows.delete()
        elif row is None:
            TariffAssignment.objects.create(
                position=DEFAULT_POSITION, kind=kind, tariff_id=tariff_id
            )
        else:
            rows.update(tariff_id=tariff_id)
        record_change(
            by,
            "assignment.default",
            of=("assignment", kind),
            before={"tariff": before},
            after={"tariff": tariff_id},
        )


class _AssignmentMatcher:
    """What is known of the call by the rows behind its texts."""

    def __init__(self, call: AskedCall) -> None:
        pbx = Pbx.objects.select_related("site").get(pk=call.pbx_id)
        self._call = call
        self._pbx = pbx
        trunk = Trunk.objects.filter(pbx=pbx, name=call.trunk).first() if call.trunk else None
        self._trunk_id = trunk.pk if trunk else None
        found = Extension.objects.filter(site=pbx.site_id, number=call.extension)
        extension = found.first() if call.extension else None
        self._extension_id = extension.pk if extension else None
        self._department_id = extension.department_id if extension else None

    def misfit(self, row: TariffAssignment) -> str:
        """Return why *row* does not fit the call, "" if it does."""
        call, at_us = self._call, to_us(self._call.at)
        code = row.account_code.code if row.account_code else ""
        checks = (
            (row.site_id, self._pbx.site_id, "it is for another site"),
            (row.pbx_id, self._pbx.pk, "it is for another PBX"),
            (row.trunk_id, self._trunk_id, "it is for another trunk"),
            (row.extension_id, self._extension_id, "it is for another extension"),
            (row.department_id, self._department_id, "it is for another department"),
            (code or None, call.account_code, "it is for another account code"),
            (row.source_ip or None, call.source_ip, "it is for another address"),
        )
        for wanted, given, words in checks:
            if wanted is not None and wanted != given:
                return words
        if row.from_us is not None and at_us < row.from_us:
            return "it begins later"
        if row.to_us is not None and at_us >= row.to_us:
            return "it has ended"
        return ""


def _places(kind: str) -> dict[int, TariffAssignment]:
    rows = TariffAssignment.objects.filter(kind=kind).select_related("account_code")
    return {row.pk: row for row in rows}
