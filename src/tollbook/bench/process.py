"""Real processes under measurement: time, exit status and peak memory with all their children."""

import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

SAMPLE_S = 0.1
STOP_S = 10.0


class BenchError(Exception):
    """A benchmark that could not be run; the message says what failed and what to do."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended: its output, wall-clock and processor seconds, peak MB."""

    stdout: str
    wall_s: float
    processor_s: float
    peak_mb: float


def run_tollbook(
    words: Sequence[str], environment: dict[str, str], *, allowed: frozenset[int] = frozenset({0})
) -> Finished:
    """Run one `tollbook` command to its end.

    Raises BenchError when its exit status is not among *allowed*.
    """
    spent_before_s = _children_s()
    began = time.perf_counter()
    # Files, for a pipe that nobody reads meanwhile stops the program when it is full.
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        process = subprocess.Popen(  # noqa: S603 - our own program, our own words
            [sys.executable, "-m", "tollbook", *words], stdout=out, stderr=err, env=environment
        )
        ended = threading.Event()
        with ThreadPoolExecutor(max_workers=1) as sampler:
            peak_kb = sampler.submit(_peak_kb, process.pid, ended)
            process.wait()
            wall_s = time.perf_counter() - began
            ended.set()
        stdout, stderr = _read(out), _read(err)
    broken = stderr.lstrip().startswith("Traceback")  # Python, too, leaves with 1.
    if broken or process.returncode not in allowed:
        raise BenchError(
            f"`tollbook {' '.join(words)}` ended with {process.returncode}: {stderr.strip()[-800:]}"
        )
    return Finished(stdout, wall_s, _children_s() - spent_before_s, peak_kb.result() / 1024)


def _peak_kb(pid: int, ended: threading.Event) -> int:
    """Return the most memory that a process and its children had until *ended*, looked at often."""
    peak_kb = 0
    while not ended.wait(SAMPLE_S):
        peak_kb = max(peak_kb, sum(map(_proportional_kb, family(pid))))
    return peak_kb


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


@contextmanager
def running_tollbook(words: Sequence[str], environment: dict[str, str]) -> Iterator[int]:
    """Run one `tollbook` command beside the block; gives its process id, ends it afterwards."""
    process = subprocess.Popen(  # noqa: S603 - as above
        [sys.executable, "-m", "tollbook", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def family(pid: int) -> list[int]:
    """Return *pid* and all its living descendants."""
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found.extend(map(int, (task / "children").read_text("ascii").split()))
        except OSError:
            continue  # It has ended meanwhile.
    return found


def _children_s() -> float:
    """Return the processor seconds of all children that have ended, and of theirs."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _proportional_kb(pid: int) -> int:
    """Return the memory of *pid* in kB, pages that processes share divided among them."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass  # It has ended meanwhile.
    return 0
