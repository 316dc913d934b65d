"""`tollbook collect`: receive records from all wanted sources, in a process of its own."""

import argparse
import asyncio
import signal
import sys

from tollbook.wiring.process import LEAVING_S, log_to_stderr, the_only_one
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import Installation, open_installation

DONE, WRONG_USE = 0, 2


def run(args: argparse.Namespace) -> int:
    """Collect until a TERM; exit status 2 if it cannot start."""
    try:
        installation = open_installation(data_dir=args.data)
        log_to_stderr(installation.settings.log_level)
        lock = installation.settings.data_dir / "collect.lock"
        with the_only_one(lock, does="collects", patience_s=3 * LEAVING_S):
            asyncio.run(_collect(installation))
    except SettingsError as fault:
        print(f"tollbook collect: {fault}", file=sys.stderr)
        return WRONG_USE
    return DONE


async def _collect(installation: Installation) -> None:
    from tollbook.collectors.runner import Runner  # noqa: PLC0415 - models need an open installation

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = installation.settings
    await Runner(
        data_dir=settings.data_dir,
        raw_dir=settings.raw_dir,
        reserve_bytes=settings.disk_reserve_mb * 1024 * 1024,
        now=installation.now,
    ).run(stop)
