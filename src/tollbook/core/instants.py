"""Instants as the tables keep them: whole microseconds since 1970-01-01T00:00:00Z."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(instant: datetime) -> int:
    """Return *instant* in microseconds; raises ValueError if it has no zone.

    >>> to_us(datetime(2026, 1, 31, 12, 0, tzinfo=UTC))
    1769860800000000
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no zone, so it is no instant")
    return (instant - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Return the instant in UTC.

    >>> from_us(1_769_860_800_000_000).isoformat()
    '2026-01-31T12:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=us)
