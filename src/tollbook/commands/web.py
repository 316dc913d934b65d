"""`tollbook web`: the web pages and the API, in a process of their own."""

import argparse
import logging

from django.db import connections
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from tollbook.commands.words import DONE
from tollbook.wiring.process import LEAVING_S, log_to_stderr, require_free_port
from tollbook.wiring.start import Installation

# Size of the thread pool: a page occupies a thread while it works, a decision while it waits for
# its commit, and so many decisions can share a commit (`tollbook bench authorise` measures it).
THREADS = 64
STOP_S = 3  # Then requests that are still open are cut off: an open page must not delay a restart.


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out that there are more threads than processors: they wait, and are meant to."""
    return "Python threads" not in record.getMessage()


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Serve until a TERM."""
    settings = installation.settings
    host, port = args.host or settings.host, args.port or settings.port
    log_to_stderr(settings.log_level)
    require_free_port(host, port, patience_s=LEAVING_S)
    connections.close_all()  # Workers are forked: none may inherit an open database.
    logging.getLogger("_granian").addFilter(_is_news)
    Granian(
        "tollbook.wiring.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=THREADS,
        workers_kill_timeout=STOP_S,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()
    return DONE
