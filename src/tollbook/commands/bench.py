"""`tollbook bench`: measure this machine."""

import argparse
import json
import subprocess
import sys

from tollbook.bench.figures import Figure, machine_line, table, value_text
from tollbook.bench.options import BenchOptions
from tollbook.bench.process import BenchError
from tollbook.bench.registry import BENCHMARKS, Benchmark
from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE, INCOMPLETE, note, refuse, tell


def run(args: argparse.Namespace) -> int:
    """List the benchmarks, or run one or all of them and print what they found."""
    if args.list:
        return _list(as_json=args.json)
    if args.name is not None and args.name not in BENCHMARKS:
        known = ", ".join(BENCHMARKS)
        return refuse("bench", f'there is no benchmark "{args.name}". Known: {known}.')
    if args.calls is not None and args.calls < 1:
        words = f"--calls is {args.calls}, expected 1 or more. Nothing was measured."
        return refuse("bench", words)
    if args.name is None:
        found, failed = _each_alone(args)
    else:
        found, failed = _one(BENCHMARKS[args.name], BenchOptions(args.calls, args.database))
    _print(found, as_json=args.json)
    return INCOMPLETE if failed else DONE


def _list(*, as_json: bool) -> int:
    if as_json:
        listed = [{"name": each.name, "measures": each.measures} for each in BENCHMARKS.values()]
        print(json.dumps(listed))
    else:
        print_table(
            ("Benchmark", "What it measures"),
            ((each.name, each.measures) for each in BENCHMARKS.values()),
            lines=(f"{each.name:<10} {each.measures}" for each in BENCHMARKS.values()),
        )
    return DONE


def _one(benchmark: Benchmark, options: BenchOptions) -> tuple[dict[str, list[Figure]], bool]:
    """Run one benchmark; a failed one keeps the figures it had found, and True says so."""
    note(f"{benchmark.name}: {benchmark.measures} …")
    figures: list[Figure] = []
    try:
        for figure in benchmark.run(options):
            figures.append(figure)  # noqa: PERF402 - what was found before a fault is kept
    except BenchError as fault:
        tell(f"bench {benchmark.name}", str(fault))
        return {benchmark.name: figures}, True
    return {benchmark.name: figures}, False


def _each_alone(args: argparse.Namespace) -> tuple[dict[str, list[Figure]], bool]:
    """Run every benchmark in a process of its own, so that none inherits another's memory."""
    found: dict[str, list[Figure]] = {}
    failed = False
    for name in BENCHMARKS:
        words = [sys.executable, "-m", "tollbook", "bench", name, "--json"]
        words += ["--calls", str(args.calls)] if args.calls else []
        words += ["--database", args.database] if args.database else []
        ended = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own program
        failed |= ended.returncode != DONE
        found[name] = (
            [Figure(**each) for each in json.loads(ended.stdout)["benchmarks"][name]]
            if ended.stdout
            else []
        )
    return found, failed


def _print(found: dict[str, list[Figure]], *, as_json: bool) -> None:
    if as_json:
        listed = {name: [each.as_json() for each in figures] for name, figures in found.items()}
        print(json.dumps({"machine": machine_line(), "benchmarks": listed}, ensure_ascii=False))
        return
    print(machine_line())
    for name, figures in found.items():
        print(f"\n{name}")
        print_table(
            ("Figure", Right("Value"), "Unit", "Wanted"),
            ((each.name, value_text(each.value), each.unit, each.floor) for each in figures),
            lines=table(figures) or ("",),
        )
