"""A file read in blocks gives what the parser alone gives, whatever lies between the calls."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.office import Call, calls_in_a_row
from tollbook.app.intake import draft_worker, mediate
from tollbook.app.intake.draft_worker import DraftingFailed, Task, drafted, make_drafts
from tollbook.app.intake.mediate import Mediator
from tollbook.app.intake.packing import packed, unpacked
from tollbook.app.intake.price_draft import price_draft
from tollbook.app.pricing.pbx_rules import Rules
from tollbook.app.pricing.rater import Rater
from tollbook.core.batch import CallBatch
from tollbook.core.dialplan import default_dial_plan
from tollbook.formats import Definition, Parser, load_definition

RULES = Rules(plan=default_dial_plan("DE"))


def linked(call: Call) -> str:
    """Return the call's line with the columns that let the parser join it with others."""
    return (
        call.line().rstrip("\n") + f',"","{1_700_000_000 + call.number // 2}.1","{call.number}"\n'
    )


lines = st.one_of(
    st.integers(0, 500).map(lambda number: calls_in_a_row(1, first=number)[0].line()),
    st.integers(0, 500).map(lambda number: linked(calls_in_a_row(1, first=number)[0])),
    st.sampled_from(["\n", "rubbish\n", '"open quotation\n', "\r\n", "a,b,c\n", "\x00\x00\n"]),
    st.just("x" * 3_000 + "\n"),
)
files = st.builds(
    lambda found, end: "".join(found) + end,
    st.lists(lines, max_size=30),
    st.sampled_from(["", "half a line", '"","101"']),
)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files of a few lines be read in many pieces."""
    monkeypatch.setattr(draft_worker, "READ_BYTES", 700)
    monkeypatch.setattr(draft_worker, "BATCH_RECORDS", 4)
    monkeypatch.setattr(mediate, "BATCH_RECORDS", 4)


@pytest.mark.usefixtures("small_pieces")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=files)
def test_blocks_and_parser_give_the_same_drafts(tmp_path: Path, text: str) -> None:
    data = text.encode()
    file = tmp_path / "Master.csv"
    file.write_bytes(data)
    definition = load_definition("asterisk-csv")
    task = Task(file, len(data), definition, "UTC", "x", 7, RULES)

    drafts = [draft for draft, _ in make_drafts(task)]
    assert [unpacked(packed(draft)) for draft in drafts] == drafts

    assert all(len(draft.records) <= draft_worker.BATCH_RECORDS for draft in drafts)
    assert rows(drafts) == rows(parsed_whole(definition, data))


def parsed_whole(definition: Definition, data: bytes) -> list[CallBatch]:
    parser = Parser(definition, zone="UTC", source_name="x")
    outcomes = parser.feed(data) + parser.finish()
    drafts = Mediator(RULES).drafts(outcomes, segment_id=7)
    rater = Rater(RULES)
    for draft in drafts:
        price_draft(rater, draft)
    return drafts


def rows(drafts: list[CallBatch]) -> dict[str, list[tuple[object, ...]]]:
    """Return what the drafts hold, with places in the file for indexes in a draft."""
    found: dict[str, list[tuple[object, ...]]] = {
        "records": [],
        "calls": [],
        "charges": [],
        "rejects": [],
    }
    for draft in drafts:
        places = draft.records.offset
        found["records"] += draft.records.rows()
        calls = [column for column in draft.calls.lists()[1:] if column]
        of_call = [places[record] for record in draft.calls.record]
        found["calls"] += zip(of_call, *calls, draft.trunks, draft.extensions, strict=True)
        charged = [of_call[call] for call in draft.charges.call]
        found["charges"] += zip(charged, *draft.charges.lists()[1:], strict=True)
        rejected = [places[record] for record in draft.rejects.record]
        found["rejects"] += zip(rejected, *draft.rejects.lists()[1:], strict=True)
    return {name: sorted(those, key=lambda row: row[0]) for name, those in found.items()}  # type: ignore[arg-type,return-value]


def test_a_reading_process_that_dies_is_no_end_of_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = Task(
        tmp_path / "gone.csv",
        draft_worker.WORTH_A_PROCESS_BYTES,
        load_definition("asterisk-csv"),
        "UTC",
        "x",
        7,
        RULES,
    )

    with drafted(gone, workers=1) as made, pytest.raises(DraftingFailed, match="Import the file"):
        list(made)

    assert "FileNotFoundError" in capfd.readouterr().err


def test_a_reader_who_leaves_early_leaves_no_process_behind(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    file.write_text("".join(call.line() for call in calls_in_a_row(5_000)))
    task = Task(
        file,
        draft_worker.WORTH_A_PROCESS_BYTES,
        load_definition("asterisk-csv"),
        "UTC",
        "x",
        7,
        RULES,
    )

    with drafted(task, workers=1) as made:
        first = next(made)

    assert len(first[0].calls) == draft_worker.BATCH_RECORDS
    assert first == next(make_drafts(task))


def test_two_processes_make_of_a_file_what_one_makes(tmp_path: Path) -> None:
    file = tmp_path / "Master.csv"
    file.write_text("".join(call.line() for call in calls_in_a_row(1_200)) + "rubbish\n")
    size = draft_worker.WORTH_A_PROCESS_BYTES
    task = Task(file, size, load_definition("asterisk-csv"), "UTC", "x", 7, RULES)

    with drafted(task, workers=1) as made:
        found = list(made)

    assert found == list(make_drafts(task))
    assert sum(len(draft.charges) for draft, _ in found) > 0
