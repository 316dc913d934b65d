"""The benchmarks by name; each is loaded when it is run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from tollbook.bench.figures import Figure
from tollbook.bench.options import BenchOptions


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A measurement: its name, what it measures, and the module whose `measure` does it."""

    name: str
    measures: str
    module: str

    def run(self, options: BenchOptions) -> Iterator[Figure]:
        """Yield the figures as they are found."""
        measure = import_module(f"tollbook.bench.{self.module}").measure
        return cast("Callable[[BenchOptions], Iterator[Figure]]", measure)(options)


BENCHMARKS = {
    each.name: each
    for each in (
        Benchmark("rating", "one call explained, and ten million on 100,000 prefixes", "pricing"),
        Benchmark("batch", "the batch form alone, by stage, on one core and two", "batch"),
        Benchmark("authorise", "durable decisions on calls, in process and over HTTP", "authorise"),
        Benchmark("latency", "last byte of a record to its row being visible", "latency"),
        Benchmark("import", "an Asterisk file, end to end, and the same again", "importing"),
        Benchmark("rerate", "stored calls priced again, with the differences", "rerating"),
        Benchmark("call-log", "pages of the call log over all imported calls", "call_log"),
        Benchmark("report", "totals over ten million calls, beside SQLite's tables", "report"),
    )
}
