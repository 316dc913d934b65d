"""`--from` of what takes effect at an instant."""

from datetime import datetime

from tollbook.commands.words import refuse


def read_valid_from(verb: str, text: str | None) -> datetime | int | None:
    """Return the instant that *text* is, None for none, the exit status if it is not one."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return refuse(verb, f"--from is {text!r}, expected as 2026-10-01T00:00:00Z")
    if instant.tzinfo is None:
        return refuse(verb, f"--from is {text!r}: add its offset, as Z or +01:00")
    return instant
