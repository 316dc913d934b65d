"""What really lands on the wire now and then: torn lines, resent lines, noise.

Each blemish turns one good line into what a switch in trouble writes instead.
"""

from collections.abc import Callable, Sequence
from random import Random

Blemish = Callable[[bytes], bytes]


def sent_again(line: bytes) -> bytes:
    """After a restart the switch repeats its last line: a duplicate."""
    return line + line


def torn(line: bytes) -> bytes:
    """The disk was full in the middle of a line."""
    return line[: len(line) // 2] + b"\n"


def zero_bytes(line: bytes) -> bytes:
    """A power cut left a block of zeros in front of the line."""
    return bytes(40) + b"\n" + line


def chatter(line: bytes) -> bytes:
    """A message for people, between the records for us."""
    return b"asterisk[811]: cdr_csv: log file reopened\n" + line


def impossible_clock(line: bytes) -> bytes:
    """Some bit flipped in the first time of day: the minute 7x."""
    hour_end = line.index(b":")
    return line[: hour_end + 1] + b"7" + line[hour_end + 2 :]


def letter_in_the_duration(line: bytes) -> bytes:
    """An O for a 0, as only a person at a keyboard writes it."""
    return line.replace(b",00:", b",O0:", 1)


ASTERISK_BLEMISHES: tuple[Blemish, ...] = (
    sent_again,
    torn,
    chatter,
    zero_bytes,
    impossible_clock,
    sent_again,
    torn,
)
THREECX_BLEMISHES: tuple[Blemish, ...] = (sent_again, torn, letter_in_the_duration)


def blemished(lines: Sequence[bytes], dice: Random, blemishes: Sequence[Blemish]) -> list[bytes]:
    """Return *lines* with each blemish on one of them; too few lines keep their good looks."""
    result = list(lines)
    if len(lines) < 10 * len(blemishes):
        return result
    for blemish, place in zip(
        blemishes, dice.sample(range(len(lines)), len(blemishes)), strict=True
    ):
        result[place] = blemish(result[place])
    return result
