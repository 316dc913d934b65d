"""Options of the verbs that run an installation or look after it."""

import argparse

from tollbook.commands.options.common import as_json, data_folder, port_number


def serving(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook serve` and `tollbook web`."""
    data_folder(parser)
    parser.add_argument("--port", type=port_number, help="port of the web pages (default: 8080)")
    parser.add_argument("--host", help="address of the web pages (default: 127.0.0.1)")


def demo(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook demo`."""
    serving(parser)
    parser.add_argument(
        "--seed", type=int, default=1, help="another seed is another office (default: 1)"
    )
    parser.add_argument(
        "--calls", type=int, default=20_000, help="how many past calls (default: 20000)"
    )
    parser.add_argument("--no-serve", action="store_true", help="make the office, then stop")


def control(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook control`."""
    data_folder(parser)
    parser.add_argument("--host", help="address for FastAGI (default: setting agi_host)")
    parser.add_argument("--port", type=int, help="port for FastAGI (default: agi_port, else 4573)")
    parser.add_argument(
        "--authorise-port",
        type=int,
        help="port for questions by HTTP (default: setting authorise_port; 0: none)",
    )


def process(parser: argparse.ArgumentParser) -> None:
    """Add the options of a process that takes no others than its folder."""
    data_folder(parser)


def work(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook work`."""
    parser.add_argument(
        "--rebuild",
        action="store_true",
        help="write the columnar copy of the calls anew, then stop",
    )
    parser.add_argument(
        "--check", action="store_true", help="compare that copy with the database, then stop"
    )
    data_folder(parser)


def doctor(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook doctor`."""
    as_json(parser)
    parser.add_argument(
        "--mend",
        action="store_true",
        help="make anew what is only derived: the use of budgets, the columnar copy",
    )
    data_folder(parser)


def bench(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook bench`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="one benchmark (default: all)")
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    parser.add_argument("--calls", type=int, help="how many calls (default: the benchmark's own)")
    parser.add_argument("--database", metavar="URL", help="also measure on this PostgreSQL server")
    as_json(parser)
