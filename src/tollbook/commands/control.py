"""`tollbook control`: answer the switches that ask whether a call may be placed."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, cast

from tollbook.wiring.process import log_to_stderr, the_only_one
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import Installation, StartError, open_installation

if TYPE_CHECKING:
    from tollbook.app.authorise import Decider

DONE, WRONG_USE = 0, 2
PATIENCE_S = 1.5  # The dialplan waits for two seconds, then decides itself.
LOOK_S = 1.0  # So soon are rules that have changed read, whether somebody asks or not.

log = logging.getLogger(__name__)


def run(args: argparse.Namespace) -> int:
    """Answer until a TERM; exit status 2 if it cannot start."""
    try:
        installation = open_installation(data_dir=args.data)
        log_to_stderr(installation.settings.log_level)
        with the_only_one(installation.settings.data_dir / "control.lock", does="controls"):
            asyncio.run(_control(installation, host=args.host, port=args.port))
    except SettingsError as fault:
        print(f"tollbook control: {fault}", file=sys.stderr)
        return WRONG_USE
    return DONE


async def _control(installation: Installation, *, host: str | None, port: int | None) -> None:
    # Models can be imported only once the installation is open.
    from django.db import DatabaseError  # noqa: PLC0415

    from tollbook.app.authorise import Answer, Request, decider  # noqa: PLC0415
    from tollbook.app.away import answer_away  # noqa: PLC0415
    from tollbook.app.holds import code_of_hold  # noqa: PLC0415
    from tollbook.switches.agi import Server  # noqa: PLC0415
    from tollbook.switches.asterisk import Asterisk  # noqa: PLC0415

    settings = installation.settings
    host, port = host or settings.agi_host, port or settings.agi_port or 4573
    decisions = decider(installation.door)

    async def decide(request: Request) -> Answer:
        try:
            asked = decisions.decide_async(request)
            return cast("Answer", await asyncio.wait_for(asked, PATIENCE_S))
        except (DatabaseError, TimeoutError) as fault:
            log.warning("the database did not answer (%s): the kept policy decides", fault)
            return await asyncio.to_thread(answer_away, request)

    asterisk = Asterisk(decide, code_of=code_of_hold, now=installation.now)
    try:
        server = await Server(asterisk.handle, peers=settings.agi_peers).start(host, port)
    except (OSError, ValueError) as fault:
        raise StartError(
            f"FastAGI cannot listen on {host}:{port}: {fault}. No switch is answered. "
            "See who has the port, or set agi_host, agi_port and agi_peers."
        ) from fault
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("FastAGI answers on %s:%d", host, port)
    ready = asyncio.create_task(_stay_ready(decisions, installation.now))
    async with server:
        await stop.wait()
    ready.cancel()


async def _stay_ready(decisions: "Decider", now: Callable[[], datetime]) -> None:
    """Keep the rules at hand: a call that comes while a large tariff is read waits for it."""
    from django.db import DatabaseError  # noqa: PLC0415 - as above

    while True:
        try:
            await asyncio.to_thread(decisions.make_ready, now())
        except DatabaseError as fault:
            log.debug("the rules could not be read (%s): the next question tries again", fault)
        await asyncio.sleep(LOOK_S)
