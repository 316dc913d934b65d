"""`tollbook control`: answer the switches that ask whether a call may be placed."""

import argparse
import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.db import DatabaseError

from tollbook.app.decisions.decider import Answer, Decider, Request, decider
from tollbook.app.decisions.hold_facts import code_of_hold
from tollbook.app.decisions.offline import answer_away
from tollbook.commands.words import DONE
from tollbook.switches.agi import Server
from tollbook.switches.asterisk import Asterisk
from tollbook.wiring.process import log_to_stderr, the_only_one
from tollbook.wiring.start import Installation, StartError

if TYPE_CHECKING:
    from tollbook.api.decisions_port import Decisions

USUAL_AGI_PORT = 4573
PATIENCE_S = 1.5  # The dialplan waits for two seconds, then decides itself.
LOOK_S = 1.0  # Poll interval: changed rules are reloaded without waiting for a question.

log = logging.getLogger(__name__)


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Answer until a TERM."""
    log_to_stderr(installation.settings.log_level)
    with the_only_one(installation.settings.data_dir / "control.lock", does="controls"):
        asyncio.run(_control(installation, args))
    return DONE


async def _control(installation: Installation, args: argparse.Namespace) -> None:
    settings = installation.settings
    decisions = decider()

    async def decide(request: Request) -> Answer:
        try:
            asked = decisions.decide_async(request)
            return cast("Answer", await asyncio.wait_for(asked, PATIENCE_S))
        except (DatabaseError, TimeoutError) as fault:
            log.warning("the database did not answer (%s): the kept policy decides", fault)
            return await asyncio.to_thread(answer_away, request)

    await asyncio.to_thread(_make_ready, decisions, installation.now())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    by_http = settings.authorise_port if args.authorise_port is None else args.authorise_port
    by_agi = args.port or settings.agi_port or (0 if by_http else USUAL_AGI_PORT)
    async with AsyncExitStack() as serving:
        if by_agi:
            asterisk = Asterisk(decide, code_of=code_of_hold, now=installation.now)
            agi = Server(asterisk.handle, peers=settings.agi_peers)
            host = args.host or settings.agi_host
            await serving.enter_async_context(await _answer_agi(agi, host, by_agi))
        if by_http:
            http = await _answer_http(settings.authorise_host, by_http)
            serving.push_async_callback(http.stop)
        ready = asyncio.create_task(_stay_ready(decisions, installation.now))
        serving.callback(ready.cancel)
        await stop.wait()


async def _answer_agi(server: Server, host: str, port: int) -> asyncio.Server:
    """Answer FastAGI; raises StartError."""
    try:
        listening = await server.start(host, port)
    except (OSError, ValueError) as fault:
        raise StartError(
            f"FastAGI cannot listen on {host}:{port}: {fault}. No switch is answered. "
            "See who has the port, or set agi_host, agi_port and agi_peers."
        ) from fault
    log.info("FastAGI answers on %s:%d", host, port)
    return listening


async def _answer_http(host: str, port: int) -> "Decisions":
    """Answer questions by HTTP; raises StartError."""
    # Loaded only where it is wanted: the API brings sixty megabytes.
    from tollbook.api.decisions_port import Decisions

    server = Decisions()
    try:
        await server.start(host, port)
    except OSError as fault:
        raise StartError(
            f"questions by HTTP cannot be answered on {host}:{port}: {fault}. No switch is "
            "answered. See who has the port, or set authorise_host and authorise_port."
        ) from fault
    log.info("HTTP answers on %s:%d", host, port)
    return server


async def _stay_ready(decisions: Decider, now: Callable[[], datetime]) -> None:
    """Keep the rules at hand: a call that comes while a large tariff is read waits for it."""
    while True:
        await asyncio.sleep(LOOK_S)
        await asyncio.to_thread(_make_ready, decisions, now())


def _make_ready(decisions: Decider, at: datetime) -> None:
    try:
        decisions.make_ready(at)
    except DatabaseError as fault:
        log.debug("the rules could not be read (%s): the next question tries again", fault)
