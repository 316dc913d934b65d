"""A followed file: every byte once, through half lines, rotation, truncation and restarts."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.effort import examples
from support.inlets import Station, running, until
from tollbook.app.intake.source_options import Following
from tollbook.collectors import tail
from tollbook.collectors.inlet import Condition
from tollbook.collectors.tail import Tail

Script = list[Callable[[], None] | bytes]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "POLL_S", 0.005)
    monkeypatch.setattr(tail, "LINGER_POLLS", 4)


def follow(file: Path, folder: Path, script: Script) -> Station:
    """Run a tail through *script*: do an action, or wait until the log holds these bytes."""

    async def play() -> Station:
        station = Station(folder)
        async with running(Tail(Following(path=file), station.inlet), station):
            for step in script:
                if isinstance(step, bytes):
                    await until(lambda step=step: station.received() == step)
                else:
                    step()
        return station

    return asyncio.run(play())


def append(file: Path, data: bytes) -> None:
    with file.open("ab") as out:
        out.write(data)


def replace_by(file: Path, data: bytes) -> None:
    """Rotate by renaming, as logrotate does without copytruncate."""
    rotate(file)
    file.write_bytes(data)


def rotate(file: Path) -> None:
    for number in (2, 1):
        older = Path(f"{file}.{number}")
        if older.exists():
            older.rename(f"{file}.{number + 1}")
    file.rename(f"{file}.1")


def copy_and_truncate(file: Path) -> None:
    shutil.copy(file, f"{file}.1")
    os.truncate(file, 0)


def test_what_is_there_and_what_is_appended_is_read(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    file.write_bytes(b"one\n")
    follow(file, tmp_path / "raw", [b"one\n", lambda: append(file, b"two\n"), b"one\ntwo\n"])


def test_half_a_line_at_the_end_is_read_and_its_rest_follows_it(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    file.write_bytes(b"one\nha")
    follow(file, tmp_path / "raw", [b"one\nha", lambda: append(file, b"lf\n"), b"one\nhalf\n"])


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"

    async def play() -> None:
        station = Station(tmp_path / "raw")
        async with running(Tail(Following(path=file), station.inlet), station):
            await until(lambda: "is not there yet" in station.inlet.status.reason)
            assert station.inlet.status.state is Condition.WAITING
            file.write_bytes(b"born\n")
            await until(lambda: station.received() == b"born\n")
            await until(lambda: station.inlet.status.state is Condition.RUNNING)

    asyncio.run(play())


def test_a_stopped_tail_goes_on_where_it_was(tmp_path: Path) -> None:
    file, raw = tmp_path / "Master.csv", tmp_path / "raw"
    file.write_bytes(b"one\n")
    follow(file, raw, [b"one\n"])
    append(file, b"two\n")
    follow(file, raw, [b"one\ntwo\n"])
    follow(file, raw, [b"one\ntwo\n", lambda: append(file, b"three\n"), b"one\ntwo\nthree\n"])


def test_a_renamed_file_is_read_to_its_end_before_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    file.write_bytes(b"one\n")

    def rotate_and_write_on() -> None:
        rotate(file)
        append(Path(f"{file}.1"), b"late\n")  # the PBX has not opened the new file yet
        file.write_bytes(b"new\n")

    station = follow(file, tmp_path / "raw", [b"one\n", rotate_and_write_on, b"one\nlate\nnew\n"])
    assert station.texts() == [b"one\nlate\n", b"new\n"]


def test_what_a_rotated_file_still_held_is_read_after_a_pause(tmp_path: Path) -> None:
    file, raw = tmp_path / "Master.csv", tmp_path / "raw"
    file.write_bytes(b"one\n")
    follow(file, raw, [b"one\n"])
    append(file, b"unread\n")
    replace_by(file, b"new\n")

    follow(file, raw, [b"one\nunread\nnew\n"])


def test_several_rotations_in_a_pause_lose_nothing(tmp_path: Path) -> None:
    file, raw = tmp_path / "Master.csv", tmp_path / "raw"
    file.write_bytes(b"one\n")
    follow(file, raw, [b"one\n"])
    append(file, b"unread\n")
    for text in (b"second\n", b"third\n"):
        time.sleep(0.02)  # files are told apart by the time of their last write
        replace_by(file, text)
    time.sleep(0.02)

    follow(file, raw, [b"one\nunread\nsecond\nthird\n"])


def test_half_a_line_at_the_end_of_a_rotated_file_never_meets_the_next_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "Master.csv"
    file.write_bytes(b"one\nhal")
    station = follow(
        file,
        tmp_path / "raw",
        [b"one\nhal", lambda: replace_by(file, b"new\n"), b"one\nhalnew\n"],
    )
    assert station.texts() == [b"one\nhal", b"new\n"]


def test_a_truncated_file_is_read_from_its_begin(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    file.write_bytes(b"one\ntwo\n")
    follow(
        file,
        tmp_path / "raw",
        [b"one\ntwo\n", lambda: file.write_bytes(b"a\n"), b"one\ntwo\na\n"],
    )


def test_a_file_that_was_truncated_and_grew_beyond_is_noticed(tmp_path: Path) -> None:
    file, raw = tmp_path / "Master.csv", tmp_path / "raw"
    file.write_bytes(b"one\n")
    follow(file, raw, [b"one\n"])
    file.write_bytes(b"another and longer\n")
    follow(file, raw, [b"one\nanother and longer\n"])


def test_copytruncate_loses_nothing_that_the_copy_holds(tmp_path: Path) -> None:
    file, raw = tmp_path / "Master.csv", tmp_path / "raw"
    read = b"".join(b"line %d of a file\n" % number for number in range(8))
    file.write_bytes(read)
    follow(file, raw, [read])
    append(file, b"unread\n")
    copy_and_truncate(file)
    append(file, b"new\n")

    follow(file, raw, [read + b"unread\nnew\n"])


def test_a_path_that_cannot_be_read_is_named_with_its_fault(tmp_path: Path) -> None:
    async def play() -> None:
        station = Station(tmp_path / "raw")
        folder = tmp_path / "Master.csv"
        folder.mkdir()
        async with running(Tail(Following(path=folder), station.inlet), station):
            await until(lambda: station.inlet.status.state is Condition.FAILED)
            assert "Is a directory" in station.inlet.status.reason
            assert station.inlet.status.next_step

    asyncio.run(play())


Action = tuple[str, bytes]
actions = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.binary(min_size=1, max_size=9)),
        st.tuples(st.just("rename"), st.just(b"")),
        st.tuples(st.just("restart"), st.just(b"")),
    ),
    max_size=8,
)


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=actions)
def test_whatever_happens_to_the_file_every_byte_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, actions: list[Action]
) -> None:
    folder = tmp_path_factory.mktemp("tail")
    file, raw = folder / "Master.csv", folder / "raw"
    file.write_bytes(b"")
    expected = b""
    rounds: list[Script] = [[]]
    for number, (what, data) in enumerate(actions):
        if what == "append":
            piece = b"%d %s\n" % (number, data.hex().encode())
            expected += piece
            rounds[-1].append(lambda piece=piece: append(file, piece))
            rounds[-1].append(expected)
        elif what == "rename":
            rounds[-1].append(lambda: replace_by(file, b""))
        else:
            rounds.append([])
    for script in [*rounds, [expected]]:
        follow(file, raw, script)
    assert b"".join(one.read_bytes() for one in sorted(raw.glob("*.seg"))) == expected


def test_a_file_that_a_listing_missed_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is listed while a file in it is renamed may show it under neither name."""
    file, raw = tmp_path / "Master.csv", tmp_path / "raw"
    file.write_bytes(b"one\n")
    follow(file, raw, [b"one\n"])
    append(file, b"two\n")
    replace_by(file, b"three\n")
    missed: list[Path] = []
    listed = Path.glob

    def missing_it_once(folder: Path, pattern: str) -> list[Path]:
        found = list(listed(folder, pattern))
        if Path(f"{file}.1") in found and not missed:
            missed.append(file)
            found.remove(Path(f"{file}.1"))
        return found

    monkeypatch.setattr(Path, "glob", missing_it_once)
    follow(file, raw, [b"one\ntwo\nthree\n"])

    assert missed


def test_what_comes_between_the_last_look_and_two_rotations_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "Master.csv"
    file.write_bytes(b"one\n")
    read, rotations = os.pread, []

    def write_on_and_rotate_twice() -> None:
        append(file, b"rest\n")
        for second, content in enumerate((b"two\n", b"three\n")):
            os.utime(file, (second, second))  # Each is written later than the one before it.
            replace_by(file, content)

    def read_to_the_end(handle: int, size: int, offset: int) -> bytes:
        data = read(handle, size, offset)
        if size == tail.CHUNK_BYTES and not data and not rotations:
            rotations.append(offset)
            write_on_and_rotate_twice()
        return data

    monkeypatch.setattr(os, "pread", read_to_the_end)
    follow(file, tmp_path / "raw", [b"one\nrest\ntwo\nthree\n"])
