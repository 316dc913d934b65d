"""Charts: well-formed, harmless, and as tall as the figures say."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.core.money import MICRO
from tollbook.documents.charts import Bar, TimelineRow, bars_with_before, nice_scale, time_line

read = ElementTree.fromstring
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script>&\"'"


def heights(drawing: str) -> list[float]:
    """Return the heights of the bars, in order."""
    root = read(drawing)
    return [float(bar.get("height", "")) for bar in root.iter(f"{SVG}rect") if bar.get("class")]


@pytest.mark.parametrize(
    ("largest", "words"),
    [
        (MICRO, ("0", "0.5", "1")),
        (37 * MICRO, ("0", "10", "20", "30", "40")),
        (1_200 * MICRO, ("0", "500", "1,000", "1,500")),
        (250_000, ("0", "0.1", "0.2", "0.3")),
    ],
)
def test_an_axis_ends_at_a_round_number(largest: int, words: tuple[str, ...]) -> None:
    scale = nice_scale(largest, unit=MICRO, decimals=2)

    assert tuple(line for _, line in scale.lines) == words


@given(largest=st.integers(0, 10**15))
def test_an_axis_holds_its_largest_value_with_few_lines(largest: int) -> None:
    scale = nice_scale(largest, unit=MICRO, decimals=6)

    assert scale.top >= largest
    assert 2 <= len(scale.lines) <= 5
    assert scale.top <= max(4, largest * 2)
    assert [at for at, _ in scale.lines] == sorted({at for at, _ in scale.lines})


@given(
    values=st.lists(st.integers(0, 10**12), min_size=1, max_size=31),
    before=st.lists(st.none() | st.integers(0, 10**12), min_size=31, max_size=31),
)
def test_bars_are_as_tall_as_their_values(values: list[int], before: list[int | None]) -> None:
    bars = [Bar(str(n), value, before[n], f"{value}") for n, value in enumerate(values)]
    scale = nice_scale(max(values), unit=MICRO, decimals=2)

    tall = heights(bars_with_before(bars, scale, title="Spend", peak="most"))

    assert len(tall) == len(values)
    for value, height in zip(values, tall, strict=True):
        # 180 pixels are the whole axis; what is not nothing is a line at least.
        assert height == pytest.approx(max(180 * value / scale.top, 1 if value else 0), abs=0.06)


def test_words_from_outside_are_never_marks() -> None:
    bars = [Bar(HOSTILE, 1, 2, HOSTILE, href="/calls?q=" + HOSTILE)]
    lanes = [TimelineRow(HOSTILE, 0, 5, 9, HOSTILE)]

    for drawing in (
        bars_with_before(bars, nice_scale(2, unit=1, decimals=0), title=HOSTILE, peak=HOSTILE),
        time_line(lanes, [(0, HOSTILE)], title=HOSTILE),
    ):
        root = read(drawing)
        assert root.get("aria-label") == HOSTILE
        assert not list(root.iter(f"{SVG}script"))


def test_the_month_before_is_one_line_that_ends_where_its_days_end() -> None:
    bars = [Bar(str(day), 1, before, "") for day, before in enumerate((1, 2, None, 3))]

    root = read(bars_with_before(bars, nice_scale(3, unit=1, decimals=0), title="Spend"))

    (line,) = root.iter(f"{SVG}path")
    assert line.get("d", "").count("M") == 2


def test_a_party_that_never_answered_rings_and_does_not_talk() -> None:
    drawing = time_line(
        [TimelineRow("102", 0, None, 20_000, "102")], [(0, "12:00:00")], title="One leg"
    )
    root = read(drawing)

    widths = {bar.get("class"): float(bar.get("width", "")) for bar in root.iter(f"{SVG}rect")}
    assert widths["c-ring"] > 500
    assert widths["c-talk"] == 0


def test_a_call_of_no_length_is_still_drawn() -> None:
    read(time_line([TimelineRow("1", 0, 0, 0, "")], [(0, "")], title=""))
