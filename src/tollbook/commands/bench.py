"""`tollbook bench`: measure this machine."""

import argparse
import json
import sys

from tollbook.bench.figures import Figure, machine_line, table
from tollbook.bench.options import Options
from tollbook.bench.process import BenchError
from tollbook.bench.registry import BENCHMARKS, Benchmark

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2


def run(args: argparse.Namespace) -> int:
    """List the benchmarks, or run one or all of them and print what they found."""
    if args.list:
        return _list(as_json=args.json)
    if args.name is not None and args.name not in BENCHMARKS:
        known = ", ".join(BENCHMARKS)
        print(
            f'tollbook bench: there is no benchmark "{args.name}". Known: {known}.', file=sys.stderr
        )
        return WRONG_USE
    if args.calls is not None and args.calls < 1:
        print("tollbook bench: --calls must be 1 or more.", file=sys.stderr)
        return WRONG_USE
    chosen = [BENCHMARKS[args.name]] if args.name else list(BENCHMARKS.values())
    options = Options(calls=args.calls, database=args.database)
    found, failed = _measure(chosen, options, as_json=args.json)
    if args.json:
        print(json.dumps({"machine": machine_line(), "benchmarks": found}, ensure_ascii=False))
    return INCOMPLETE if failed else DONE


def _list(*, as_json: bool) -> int:
    if as_json:
        print(
            json.dumps(
                [{"name": each.name, "measures": each.measures} for each in BENCHMARKS.values()]
            )
        )
        return DONE
    for each in BENCHMARKS.values():
        print(f"{each.name:<10} {each.measures}")
    return DONE


def _measure(
    chosen: list[Benchmark], options: Options, *, as_json: bool
) -> tuple[dict[str, list[dict[str, object]]], bool]:
    """Run *chosen*, print tables unless JSON is wanted, and say whether one failed."""
    found: dict[str, list[dict[str, object]]] = {}
    failed = False
    if not as_json:
        print(machine_line())
    for benchmark in chosen:
        print(f"{benchmark.name}: {benchmark.measures} …", file=sys.stderr)
        figures: list[Figure] = []
        try:
            figures.extend(benchmark.run(options))
        except BenchError as fault:
            failed = True
            print(f"tollbook bench {benchmark.name}: {fault}", file=sys.stderr)
        found[benchmark.name] = [figure.as_json() for figure in figures]
        if not as_json:
            print(f"\n{benchmark.name}")
            print("\n".join(table(figures)))
    return found, failed
