"""Asterisk asks over FastAGI: may this call be placed; here it hears the answer, and no more.

Hand over, do not own: the session ends before the call begins. What it leaves are channel
variables, and the dialplan of docs/manual/control-asterisk.md dials with them: the cut-off at
BILL_MS lives in Asterisk and holds when this process is gone.

    agi://127.0.0.1:4573/authorise?pbx=Berlin,${EXTEN}   a number that was dialled directly
    agi://127.0.0.1:4573/oneshot                         one beep, then code**number#
    agi://127.0.0.1:4573/prompted                        a prompt for the code, one for the number

Nothing is said where nothing could be decided: BILL_ACTION stays empty, and the dialplan's own
default decides. Source: docs/decisions/0007, docs/manual/control-asterisk.md.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from tollbook.app.decisions.callers import extension_of_device
from tollbook.app.decisions.decider import Answer, Request, UnknownPlace
from tollbook.core.ledger import KeyConflict
from tollbook.core.policies import Reason
from tollbook.switches.agi import Session

Decide = Callable[[Request], Awaitable[Answer]]

TRIES = 3
MOST_NUMBER_CHARS = 64
# A caller who mistyped may try again; one who was refused for another reason hears it and is done.
MISTYPED = frozenset({Reason.UNKNOWN_CODE, Reason.CODE_REQUIRED, Reason.TOO_SHORT, Reason.TOO_LONG})
ASK_CODE, ASK_NUMBER = "agent-pass", "vm-enter-num-to-call"
ONE_BEEP, REFUSED = "beep", "pbx-invalid"
BILLED_CONTEXT = "billed"

_DIALLABLE = re.compile(r"\+?[0-9*#]{1,64}", re.ASCII)

log = logging.getLogger(__name__)


class Asterisk:
    """Answers Asterisk's questions; one for all its sessions."""

    def __init__(
        self, decide: Decide, *, code_of: Callable[[str], str], now: Callable[[], datetime]
    ) -> None:
        """*code_of* returns the account code of a hold, "" if it has none."""
        self._decide = decide
        self._code_of = code_of
        self._now = now

    async def handle(self, session: Session) -> None:
        """Answer one session by the script that its address names."""
        script = session.request.get("network_script", "").partition("?")[0]
        if script == "authorise":
            await self._direct(session)
        elif script == "oneshot":
            await self._keyed(session, self._one_line)
        elif script == "prompted":
            await self._keyed(session, self._line_by_line)
        else:
            log.warning("FastAGI: there is no script %r; nothing was decided", script[:40])

    async def _direct(self, session: Session) -> None:
        """Decide on the number that the dialplan gives as its argument."""
        dialled = session.request.get("arg_1", "")[:MOST_NUMBER_CHARS]
        answer = await self._ask(session, dialled=dialled)
        if answer is None:
            return
        if answer.allowed:
            await _tell(session, answer)
            await session.set("BILL_ACTION", "allow")
        else:
            await session.set("BILL_REASON", answer.reason or "")
            await session.set("BILL_ACTION", "deny")

    async def _keyed(self, session: Session, keys: Callable[[Session], Awaitable[str]]) -> None:
        """Decide on what the caller keys; an allowed call goes on in the dialplan."""
        await session.command("ANSWER")
        for attempt in range(1, TRIES + 1):
            typed = await keys(session)
            answer = await self._ask(session, typed=typed, attempt=attempt)
            if answer is None:
                return
            if answer.allowed:
                code = await asyncio.to_thread(self._code_of, answer.hold or "")
                await _tell(session, answer, code=code)
                await session.go_to(BILLED_CONTEXT, answer.number)
                return
            await session.set("CDR(userfield)", f"refused:{answer.reason}")
            await session.command(f'STREAM FILE {REFUSED} ""')
            if answer.reason not in MISTYPED:
                break
        await session.command("HANGUP")

    @staticmethod
    async def _one_line(session: Session) -> str:
        return await session.keys(ONE_BEEP)

    @staticmethod
    async def _line_by_line(session: Session) -> str:
        code = await session.keys(ASK_CODE)
        return f"{code.rstrip('#')}**{await session.keys(ASK_NUMBER)}"

    async def _ask(
        self, session: Session, *, dialled: str = "", typed: str = "", attempt: int = 1
    ) -> Answer | None:
        """Return the decision; None, and a line in the log, where there can be none."""
        sent = session.request
        channel, call_id = sent.get("channel", ""), sent.get("uniqueid", "")
        pbx = _pbx(sent.get("request", ""))
        caller = extension_of_device(channel) or sent.get("callerid", "")
        request = Request(
            key=f"agi:{pbx}:{call_id}:{attempt}",
            at=self._now(),
            caller=caller[:MOST_NUMBER_CHARS],
            dialled=dialled,
            typed=typed,
            pbx=pbx,
            device=channel,
            switch_call_id=call_id,
        )
        try:
            answer = await self._decide(request)
        except (UnknownPlace, KeyConflict) as fault:
            log.warning("FastAGI: call %s of %s was not decided: %s", call_id, caller, fault)
            return None
        except Exception:  # Whatever it was, the dialplan's own default has to decide now.
            log.exception("FastAGI: call %s of %s was not decided", call_id, caller)
            return None
        if answer.allowed and not _DIALLABLE.fullmatch(answer.number):
            log.warning("FastAGI: %r is no number to dial; call %s", answer.number, call_id)
            return None
        return answer


async def _tell(session: Session, answer: Answer, *, code: str = "") -> None:
    """Leave the answer in channel variables: number, limit, caller id, account code, hold."""
    await session.set("BILL_NUMBER", answer.number)
    if answer.limit_s is not None:
        await session.set("BILL_MS", str(answer.limit_s * 1000))
    if answer.caller_id:
        await session.set("CALLERID(num)", answer.caller_id)
    if code:
        await session.set("CHANNEL(accountcode)", code)
    await session.set("BILL_HOLD", answer.hold or "")


def _pbx(address: str) -> str:
    """Return the PBX that a script's address names, "" if it names none.

    >>> _pbx("agi://127.0.0.1:4573/authorise?pbx=Berlin%20East")
    'Berlin East'
    """
    return parse_qs(urlsplit(address).query).get("pbx", [""])[0]
