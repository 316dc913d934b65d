"""The raw log keeps every byte in order, says where it ends, and refuses what it cannot keep."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.effort import examples
from tollbook.collectors.raw_log import (
    LogEnd,
    RawLog,
    RawLogError,
    read_log,
    received_times,
    segment_path,
    segments,
)

DAY_US = 24 * 3600 * 1_000_000


def content(folder: Path) -> bytes:
    return b"".join(segment.path.read_bytes() for segment in segments(folder))


def test_bytes_lie_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    log = RawLog(tmp_path)
    log.append(b"one\n", received_us=1)
    end = log.append(b"two", received_us=2)

    assert end == LogEnd(1, 7)
    assert content(tmp_path) == b"one\ntwo"
    assert list(received_times(segment_path(tmp_path, 1))) == [(4, 1), (7, 2)]


def test_a_reopened_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    first = RawLog(tmp_path)
    first.append(b"half a ", received_us=1)
    first.close()

    again = RawLog(tmp_path)
    assert again.end == LogEnd(1, 7)
    assert not again.ends_line
    again.append(b"line\n", received_us=2)

    assert content(tmp_path) == b"half a line\n"
    assert again.ends_line


def test_bytes_written_by_a_writer_that_died_before_noting_their_time_are_kept(
    tmp_path: Path,
) -> None:
    RawLog(tmp_path).append(b"one\n", received_us=1)
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(b"tw")
    with segment_path(tmp_path, 1).with_suffix(".times").open("ab") as file:
        file.write(b"torn")

    log = RawLog(tmp_path)
    log.append(b"o\n", received_us=3)

    assert content(tmp_path) == b"one\ntwo\n"
    assert list(received_times(segment_path(tmp_path, 1))) == [(4, 1), (8, 3)]


def test_times_beyond_the_data_are_forgotten(tmp_path: Path) -> None:
    log = RawLog(tmp_path)
    log.append(b"one\n", received_us=1)
    log.append(b"two\n", received_us=2)
    log.close()
    os.truncate(segment_path(tmp_path, 1), 4)

    RawLog(tmp_path).append(b"2\n", received_us=5)

    assert list(received_times(segment_path(tmp_path, 1))) == [(4, 1), (6, 5)]


def test_a_full_segment_ends_where_the_reader_has_nothing_open(tmp_path: Path) -> None:
    log = RawLog(tmp_path, segment_bytes=8)
    end = log.append(b"12345678\n", received_us=1)

    assert log.take(b"more\n", received_us=1, clean=end) == 5
    assert [segment.size for segment in segments(tmp_path)] == [9, 5]


def test_a_full_segment_goes_on_while_a_record_is_open(tmp_path: Path) -> None:
    log = RawLog(tmp_path, segment_bytes=8)
    log.append(b"12345678", received_us=1)

    log.take(b"9\n", received_us=1, clean=LogEnd(1, 4))
    assert [segment.size for segment in segments(tmp_path)] == [10]


def test_a_segment_of_a_source_that_never_pauses_is_cut_at_a_line_end(tmp_path: Path) -> None:
    log = RawLog(tmp_path, segment_bytes=8)
    log.append(b"1234567890", received_us=1)

    taken = log.take(b"end\nnext", received_us=1, clean=None)
    assert taken == 4
    assert log.take(b"next", received_us=1, clean=None) == 4
    assert [one.path.read_bytes() for one in segments(tmp_path)] == [b"1234567890end\n", b"next"]


def test_a_segment_without_any_line_end_is_cut_at_one_and_a_half(tmp_path: Path) -> None:
    log = RawLog(tmp_path, segment_bytes=8)
    log.append(b"x" * 12, received_us=1)

    log.take(b"yy", received_us=1, clean=None)
    assert [segment.size for segment in segments(tmp_path)] == [12, 2]


def test_a_day_ends_a_segment(tmp_path: Path) -> None:
    log = RawLog(tmp_path)
    end = log.append(b"one\n", received_us=5)
    log.take(b"two\n", received_us=5 + DAY_US - 1, clean=end)
    log.take(b"three\n", received_us=5 + DAY_US, clean=log.end)
    assert [segment.size for segment in segments(tmp_path)] == [8, 6]


def test_a_record_that_is_never_finished_does_not_hold_a_segment_open_for_ever(
    tmp_path: Path,
) -> None:
    log = RawLog(tmp_path)
    log.append(b"more follows\n", received_us=0)
    log.take(b"one\n", received_us=DAY_US * 5 // 4 - 1, clean=None)
    log.take(b"two\n", received_us=DAY_US * 5 // 4, clean=None)
    assert [segment.size for segment in segments(tmp_path)] == [17, 4]


def test_the_reserve_stops_before_the_disk_is_full_and_lets_go_by_itself(tmp_path: Path) -> None:
    free = [1_000]
    log = RawLog(tmp_path, reserve_bytes=990, free_bytes=lambda _: free[0])
    with pytest.raises(RawLogError, match="kept in reserve") as refused:
        log.append(b"eleven byte", received_us=1)
    assert "Free disk space" in refused.value.next_step
    assert content(tmp_path) == b""

    free[0] = 2_000
    log.append(b"eleven byte", received_us=2)
    assert content(tmp_path) == b"eleven byte"


def test_a_write_that_the_disk_cuts_short_leaves_nothing_behind(tmp_path: Path) -> None:
    """A file size limit makes the kernel take 10 of 16 bytes, then refuse, as a full disk does."""
    program = f"""
import resource
from pathlib import Path
from tollbook.collectors.raw_log import RawLog, RawLogError
folder = Path({str(tmp_path)!r})
log = RawLog(folder)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (26, hard))
log.append(b"0123456789abcdef", received_us=1)
try:
    log.append(b"ABCDEFGHIJKLMNOP", received_us=2)
except RawLogError as fault:
    print(fault.reason)
print(log.end.offset, (folder / "0000000001.seg").stat().st_size)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
log.append(b"ABCDEFGHIJKLMNOP", received_us=3)
print((folder / "0000000001.seg").read_bytes())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    refused, sizes, kept = done.stdout.splitlines()
    assert "the disk is full" in refused
    assert sizes == "16 16"
    assert kept == "b'0123456789abcdefABCDEFGHIJKLMNOP'"


@settings(max_examples=examples(25), deadline=None)
@given(
    pieces=st.lists(st.binary(min_size=1, max_size=20), max_size=12),
    reopen=st.sets(st.integers(0, 11)),
    size=st.integers(1, 40),
    step=st.integers(1, 7),
    clean=st.none() | st.just(LogEnd(0, 0)),
)
def test_what_is_read_is_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[bytes],
    reopen: set[int],
    size: int,
    step: int,
    clean: LogEnd | None,
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log = RawLog(folder, segment_bytes=size)
    for number, piece in enumerate(pieces):
        while piece:
            piece = piece[log.take(piece, received_us=number, clean=clean and log.end) :]  # noqa: PLW2901 - the rest of it
        if number in reopen:
            log.close()
            log = RawLog(folder, segment_bytes=size)
    end = log.end
    log.close()

    read = b""
    for segment in segments(folder):
        place = LogEnd(segment.sequence, 0)
        while data := read_log(folder, place, end=end, at_most=step):
            read += data
            place = LogEnd(place.sequence, place.offset + len(data))
    assert read == b"".join(pieces)
