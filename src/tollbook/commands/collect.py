"""`tollbook collect`: receive records from all wanted sources, in a process of its own."""

import argparse
import asyncio
import signal

from tollbook.collectors.runner import Runner
from tollbook.commands.words import DONE
from tollbook.wiring.process import LEAVING_S, log_to_stderr, the_only_one
from tollbook.wiring.start import Installation


def run(_args: argparse.Namespace, installation: Installation) -> int:
    """Collect until a TERM."""
    log_to_stderr(installation.settings.log_level)
    lock = installation.settings.data_dir / "collect.lock"
    with the_only_one(lock, does="collects", patience_s=3 * LEAVING_S):
        asyncio.run(_collect(installation))
    return DONE


async def _collect(installation: Installation) -> None:
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
