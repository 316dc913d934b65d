"""Which calls are priced at all. The others are listed with the reason why not, never as free.

Source: docs/algorithms/mediation.md, "Which calls are priced".
"""


def unbilled_reason(direction: str, *, answered: bool | None, talk_ms: int | None) -> str:
    """Return why a call is not priced, or "" for one that is.

    A call of unknown direction, and one that passed through from line to line, is priced: better
    a call listed as unrated than one that costs and is not seen.

    >>> unbilled_reason("out", answered=True, talk_ms=3000)
    ''
    >>> unbilled_reason("in", answered=True, talk_ms=3000)
    'incoming'
    """
    if direction == "internal":
        return "internal"
    if direction == "in":
        return "incoming"
    if answered is False or (answered is None and talk_ms == 0):
        return "unanswered"
    return ""
