"""`tollbook serve`: web pages and collectors on one machine, each a child of this process."""

import argparse
import sys
from pathlib import Path

from django.db import connections

from tollbook.wiring.process import LEAVING_S, log_to_stderr, require_free_port, the_only_one
from tollbook.wiring.settings import Settings
from tollbook.wiring.start import Installation, ensure_administrator
from tollbook.wiring.supervisor import Child, answers, supervise


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Serve until a TERM."""
    return serve(installation, host=args.host, port=args.port)


def serve(
    installation: Installation,
    *,
    host: str | None = None,
    port: int | None = None,
    more: tuple[Child, ...] = (),
) -> int:
    """Run everything, and *more* children beside it, until a TERM; return the exit status.

    Prints the address once pages are served, and the administrator's one-time password when
    this start made the administrator. Raises StartError if it cannot start.
    """
    settings = installation.settings
    host, port = host or settings.host, port or settings.port
    log_to_stderr(settings.log_level)
    with the_only_one(settings.data_dir / "serve.lock", does="serves"):
        require_free_port(host, port, patience_s=LEAVING_S)
        _print_password(ensure_administrator())
        connections.close_all()  # This process only watches from here on.
        welcome = _Welcome(host, port)
        parts = children(settings.data_dir, host, port, control=_controls(settings))
        return supervise([*parts, *more], looked=welcome.say)


def children(data_dir: Path, host: str, port: int, *, control: bool = False) -> list[Child]:
    """Return the processes that make up an installation; with *control* switches are answered."""
    tollbook = (sys.executable, "-m", "tollbook")
    data = ("--data", str(data_dir))
    return [
        Child("web", (*tollbook, "web", *data, "--host", host, "--port", str(port))),
        Child("collect", (*tollbook, "collect", *data)),
        Child("work", (*tollbook, "work", *data)),
        *([Child("control", (*tollbook, "control", *data))] if control else []),
    ]


def _controls(settings: Settings) -> bool:
    """Say whether a switch may ask: by FastAGI or by HTTP on the port for it."""
    return bool(settings.agi_port or settings.authorise_port)


def _print_password(password: str | None) -> None:
    """Print a new administrator's password at once: it is stored nowhere."""
    if password is not None:
        print("First start: sign in as admin with this one-time password, shown only now:")
        print(f"  {password}", flush=True)


class _Welcome:
    """The address, printed once the pages can be opened."""

    def __init__(self, host: str, port: int) -> None:
        # An address that means "all of this machine's" is reached by the loopback one.
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        self._port = port
        self._said = False

    def say(self) -> None:
        """Print it as soon as somebody answers there, and never again."""
        if self._said or not answers(self._host, self._port):
            return
        self._said = True
        shown = f"[{self._host}]" if ":" in self._host else self._host
        print(f"Tollbook is at http://{shown}:{self._port} (Ctrl-C ends it)", flush=True)
