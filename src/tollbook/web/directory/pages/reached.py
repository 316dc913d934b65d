"""What a number reaches, step by step, in the words of the screens."""

from dataclasses import dataclass

from tollbook.core.dialplan import DialPlan, resolve


@dataclass(frozen=True, slots=True)
class ShownReach:
    """Where a call goes, and each thing that the dial plan did to its number."""

    callee: str
    finding: str
    steps: tuple[str, ...]


def reach(plan: DialPlan, *, caller: str, dialled: str) -> ShownReach:
    """Return what *dialled* reaches from *caller* by *plan*."""
    found = resolve(plan, caller=caller, dialled=dialled)
    directions = {"in": "incoming", "out": "outgoing", "": "direction unknown"}
    direction = directions.get(found.direction, found.direction)
    destination = f", {found.destination}" if found.destination else ""
    return ShownReach(
        callee=found.callee,
        finding=f"{found.callee or 'nothing'} · {found.call_type}{destination} · {direction}",
        steps=tuple(
            f"{step.why}: took {step.taken}, left {step.left}" if step.taken else step.why
            for step in found.steps
        ),
    )
