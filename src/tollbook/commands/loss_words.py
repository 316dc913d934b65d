"""A prefix that is sold below cost, in words."""

from typing import TYPE_CHECKING

from tollbook.core.money import format_amount

if TYPE_CHECKING:
    from tollbook.core.rating.losses import Loss


def loss_words(loss: "Loss", currency: str) -> str:
    """Return which prefix loses money, when, and how much."""
    place = f"{loss.prefix} {loss.destination}".strip() or "any number"
    return (
        f"{place}: {loss.talk_s} s at {loss.at:%a %H:%M} UTC charge {format_amount(loss.charge)} "
        f"and cost {format_amount(loss.cost)} {currency}"
    )
