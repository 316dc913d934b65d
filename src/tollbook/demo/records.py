"""What the two PBXs write about a call: an Asterisk Master.csv line, a 3CX socket line.

Source: cdr_csv of Asterisk (18 columns) and the 27 default fields of 3CX. Both stamp local time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tollbook.demo.blemishes import ASTERISK_BLEMISHES, THREECX_BLEMISHES, blemished
from tollbook.demo.diary import OfficeCall
from tollbook.demo.office import OUTSIDE_LINE, ZONE, dice_of

_ZONE = ZoneInfo(ZONE)


@dataclass(frozen=True, slots=True)
class _Stamps:
    """The three instants of a call in the office's wall-clock time; *answer* None if nobody did."""

    start: datetime
    answer: datetime | None
    end: datetime


def asterisk_file(calls: Sequence[OfficeCall], seed: int) -> bytes:
    """Return the Master.csv of *calls*, in the order in which they ended, with its blemishes."""
    ended = sorted(calls, key=lambda call: call.end)
    lines = [asterisk_line(call, channel) for channel, call in enumerate(ended, start=1)]
    return b"".join(blemished(lines, dice_of(seed, "asterisk"), ASTERISK_BLEMISHES))


def threecx_file(calls: Sequence[OfficeCall], seed: int) -> bytes:
    """Return what the 3CX sent over its socket about *calls*, with its blemishes."""
    ended = sorted(calls, key=lambda call: call.end)
    lines = [threecx_line(call, number) for number, call in enumerate(ended, start=1)]
    return b"".join(blemished(lines, dice_of(seed, "3cx"), THREECX_BLEMISHES))


def asterisk_line(call: OfficeCall, channel_number: int) -> bytes:
    """Return the line that cdr_csv writes for *call*; *channel_number* makes its names unique."""
    stamps = _stamps(call)
    phone, trunk = f"PJSIP/{call.person.extension}", call.trunk.name if call.trunk else ""
    if call.kind == "in":
        source, dialled, context = f"+{call.number}", call.person.extension, "from-carrier"
        name, near, far, target = call.number_name, trunk, phone, phone
    elif call.kind == "out":
        source, dialled, context = call.person.extension, dialled_abroad(call.number), "office"
        name, near, far = call.person.name, phone, trunk
        target = f"PJSIP/{call.number}@{trunk.removeprefix('PJSIP/')}"
    else:
        source, dialled, context = call.person.extension, call.number, "office"
        name, near = call.person.name, phone
        far = target = f"PJSIP/{call.number}"
    missed = "BUSY" if call.busy else "NO ANSWER"
    cells = (
        call.account_code.code if call.account_code else "",
        source,
        dialled,
        context,
        f'"{name}" <{source}>',
        f"{near}-{2 * channel_number:08x}",
        f"{far}-{2 * channel_number + 1:08x}",
        "Dial",
        f"{target},60",
        f"{stamps.start:%Y-%m-%d %H:%M:%S}",
        f"{stamps.answer:%Y-%m-%d %H:%M:%S}" if stamps.answer else "",
        f"{stamps.end:%Y-%m-%d %H:%M:%S}",
        call.ring_s + call.talk_s,
        call.talk_s,
        "ANSWERED" if call.answered else missed,
        "DOCUMENTATION",
        f"{call.begin.timestamp():.0f}.{2 * channel_number}",
        "",
    )
    return (",".join(_asterisk_cell(cell) for cell in cells) + "\n").encode()


def threecx_line(call: OfficeCall, history_number: int) -> bytes:
    """Return the line that a 3CX sends for *call*; *history_number* is its historyid."""
    stamps = _stamps(call)
    phone, line = call.person.extension, call.trunk.name if call.trunk else ""
    outside = f"+{call.number}"
    phone_side = (f"Ext.{phone}", phone, "Extension", call.person.name)
    line_side = (outside, line, "Line", call.number_name or outside)
    colleague_side = (f"Ext.{call.number}", call.number, "Extension", call.number_name)
    caller, callee = {
        "in": (line_side, phone_side),
        "out": (phone_side, line_side),
        "internal": (phone_side, colleague_side),
    }[call.kind]
    from_number, from_dn, from_type, from_name = caller
    to_number, to_dn, to_type, to_name = callee
    ended_by = "TerminatedBySrc" if (call.talk_s + call.ring_s) % 3 else "TerminatedByDst"
    cells = (
        f"Call {history_number}",
        f"{call.begin.timestamp():.0f}{history_number:06x}_{history_number}",
        _clock(call.talk_s) if call.answered else "",
        f"{stamps.start:%Y/%m/%d %H:%M:%S}",
        f"{stamps.answer:%Y/%m/%d %H:%M:%S}" if stamps.answer else "",
        f"{stamps.end:%Y/%m/%d %H:%M:%S}",
        ended_by,
        from_number,
        to_number,
        from_dn,
        to_dn,
        to_number.removeprefix("Ext."),
        "",
        to_number.removeprefix("Ext."),
        to_dn,
        call.account_code.code if call.account_code else "default",
        "",
        "",
        "default",
        f"Chain: {from_number};{to_number};",
        from_type,
        to_type,
        to_type,
        from_name,
        to_name,
        to_name,
        "",
    )
    return (",".join(cells) + "\r\n").encode()


def dialled_abroad(number: str) -> str:
    """Return what a desk phone keys for E.164 *number*: outside line, then as in Germany.

    >>> dialled_abroad("4989123"), dialled_abroad("33199")
    ('0089123', '00033199')
    """
    national = number.removeprefix("49")
    return OUTSIDE_LINE + (f"00{number}" if national == number else f"0{national}")


def _stamps(call: OfficeCall) -> _Stamps:
    start = call.begin.astimezone(_ZONE)
    ringing = timedelta(seconds=call.ring_s)
    answer = (call.begin + ringing).astimezone(_ZONE) if call.answered else None
    return _Stamps(start, answer, call.end.astimezone(_ZONE))


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _asterisk_cell(cell: str | int) -> str:
    if isinstance(cell, int):
        return str(cell)
    quoted = cell.replace('"', '""')
    return f'"{quoted}"'
