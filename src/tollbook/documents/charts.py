"""Charts as SVG text: the same drawing for a page, a PDF and paper.

Shapes carry class names, by which a page colours them from its theme, and the light theme's
colours as attributes for wherever there is no stylesheet. Words are escaped here: what comes out
is safe to place in a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

ACCENT, MUTED, LINE, TEXT, WARN = "#0b6b57", "#56635e", "#d9dfdc", "#1b2421", "#8a5a00"
FONT = 'font-family="sans-serif" font-size="11"'


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label on the axis, its height now and before, its tooltip."""

    label: str
    now: int
    before: int | None
    says: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Rod:
    """One horizontal bar: its label, its length, the mark it is compared with, words at its end."""

    label: str
    now: int
    before: int
    ends_with: str
    says: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis of a chart: where it ends and the lines on the way, with their words."""

    top: int
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One row of a time line; times in ms from the left edge, None where unknown."""

    label: str
    start_ms: int
    answer_ms: int | None
    end_ms: int
    says: str


def nice_scale(largest: int, *, unit: int, decimals: int) -> Scale:
    """Return an axis from 0 to a round number at or above *largest*.

    *unit* is how many of the values make 1 on the axis; *decimals* is the most that its words
    show. At most five lines.

    >>> nice_scale(37_000_000, unit=1_000_000, decimals=2).lines
    ((0, '0'), (10000000, '10'), (20000000, '20'), (30000000, '30'), (40000000, '40'))
    """
    step = 1
    while step * 4 < largest:
        for factor in (2, 5, 10):
            if step * factor * 4 >= largest:
                step *= factor
                break
        else:
            step *= 10
    count = max(1, -(-largest // step))
    lines = tuple(
        (position * step, _axis_words(position * step, unit=unit, decimals=decimals))
        for position in range(count + 1)
    )
    return Scale(top=count * step, lines=lines)


def _axis_words(value: int, *, unit: int, decimals: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return f"{whole:,}"
    fraction = str(rest).zfill(len(str(unit)) - 1)[:decimals].rstrip("0")
    return f"{whole:,}.{fraction}" if fraction else f"{whole:,}"


def bars_with_before(
    bars: Sequence[Bar],
    scale: Scale,
    *,
    title: str,
    peak: str = "",
    width: int = 760,
    height: int = 220,
) -> str:
    """Draw a bar for each of *bars* with the earlier period as a step line behind it.

    *title* states what the chart finds; screen readers hear it in place of the drawing. *peak* is
    written over the tallest bar.
    """
    left, right, top, bottom = 46, 6, 18, 22
    wide, high = width - left - right, height - top - bottom
    slot = wide / max(1, len(bars))

    def y_of(value: int) -> float:
        return top + high - high * value / scale.top

    parts = [_open(width, height, title, role="group" if bars and bars[0].href else "img")]
    for value, words in scale.lines:
        y = y_of(value)
        kind, colour = ("c-axis", MUTED) if value == 0 else ("c-grid", LINE)
        parts.append(
            f'<line class="{kind}" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{colour}"/><text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" '
            f'fill="{MUTED}" {FONT}>{escape(words)}</text>'
        )
    parts.append(_step_line(bars, left=left, slot=slot, y_of=[y_of(b.before or 0) for b in bars]))
    tallest = max(range(len(bars)), key=lambda index: bars[index].now, default=0)
    if peak and bars:
        x = left + (tallest + 0.5) * slot
        anchor = "start" if tallest < 2 else "end" if tallest > len(bars) - 3 else "middle"
        parts.append(
            f'<text class="c-strong" x="{x:.1f}" y="{y_of(bars[tallest].now) - 5:.1f}" '
            f'text-anchor="{anchor}" fill="{TEXT}" {FONT}>{escape(peak)}</text>'
        )
    label_every = max(1, -(-len(bars) * 24 // wide))
    for index, bar in enumerate(bars):
        x = left + index * slot
        parts.append(_bar(bar, x=x, slot=slot, y=y_of(bar.now), base=y_of(0)))
        if index % label_every == 0:
            parts.append(
                f'<text x="{x + slot / 2:.1f}" y="{height - 6}" text-anchor="middle" '
                f'fill="{MUTED}" {FONT}>{escape(bar.label)}</text>'
            )
    parts.append("</svg>")
    return "".join(parts)


def _bar(bar: Bar, *, x: float, slot: float, y: float, base: float) -> str:
    inner = slot * 0.68
    tall = max(base - y, 1.0) if bar.now else 0.0
    shape = (
        f'<rect x="{x:.1f}" y="18" width="{slot:.1f}" height="{base - 18:.1f}" fill="transparent"/>'
        f'<rect class="c-now" x="{x + (slot - inner) / 2:.1f}" y="{base - tall:.1f}" '
        f'width="{inner:.1f}" height="{tall:.1f}" rx="1.5" fill="{ACCENT}"/>'
        f"<title>{escape(bar.says)}</title>"
    )
    if not bar.href:
        return f"<g>{shape}</g>"
    return f'<a href="{escape(bar.href)}" aria-label="{escape(bar.says)}">{shape}</a>'


def _step_line(bars: Sequence[Bar], *, left: int, slot: float, y_of: Sequence[float]) -> str:
    """Return the earlier period as one line in steps, broken where it has no such day."""
    path, drawing = [], False
    for index, bar in enumerate(bars):
        if bar.before is None:
            drawing = False
            continue
        x, y = left + index * slot, y_of[index]
        path.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}H{x + slot:.1f}")
        drawing = True
    return (
        f'<path class="c-before" d="{"".join(path)}" fill="none" stroke="{MUTED}" '
        'stroke-width="1.5" stroke-dasharray="3 2"/>'
        if path
        else ""
    )


def rods_with_mark(rods: Sequence[Rod], scale: Scale, *, title: str) -> str:
    """Draw a horizontal bar for each of *rods*, with a mark across it for the value before.

    *title* states what the chart finds; screen readers hear it in place of the drawing.
    """
    width, left, right, row = 760, 150, 130, 34
    wide, bottom = width - left - right, len(rods) * row + 6
    height = bottom + 20

    def x_of(value: int) -> float:
        return left + wide * max(0, value) / scale.top

    parts = [_open(width, height, title, role="img")]
    for value, words in scale.lines:
        kind, colour = ("c-axis", MUTED) if value == 0 else ("c-grid", LINE)
        parts.append(
            f'<line class="{kind}" x1="{x_of(value):.1f}" x2="{x_of(value):.1f}" y1="4" '
            f'y2="{bottom}" stroke="{colour}"/><text x="{x_of(value):.1f}" y="{height - 5}" '
            f'text-anchor="middle" fill="{MUTED}" {FONT}>{escape(words)}</text>'
        )
    for index, rod in enumerate(rods):
        middle = index * row + row / 2 + 4
        end_x, mark_x = x_of(rod.now), x_of(rod.before)
        parts.append(
            f'<g><text class="c-strong" x="{left - 10}" y="{middle + 4:.1f}" text-anchor="end" '
            f'fill="{TEXT}" {FONT}>{escape(_cut(rod.label, 22))}</text>'
            f'<rect class="c-now" x="{left}" y="{middle - 8:.1f}" '
            f'width="{max(0.0, end_x - left):.1f}" height="16" rx="2" fill="{ACCENT}"/>'
            f'<path class="c-before" d="M{mark_x:.1f} {middle - 13:.1f}V{middle + 13:.1f}" '
            f'fill="none" stroke="{MUTED}" stroke-width="2" stroke-dasharray="3 2"/>'
            f'<text x="{max(end_x, mark_x) + 8:.1f}" y="{middle + 4:.1f}" fill="{TEXT}" {FONT}>'
            f"{escape(rod.ends_with)}</text><title>{escape(rod.says)}</title></g>"
        )
    parts.append("</svg>")
    return "".join(parts)


def time_line(lanes: Sequence[TimelineRow], ticks: Sequence[tuple[int, str]], *, title: str) -> str:
    """Draw when each party of a call rang and talked, over a common time axis.

    *ticks* are places on the axis, in ms from its left edge, with their words. Ringing is
    hatched and thin, talk is solid: they differ without colour too.
    """
    width, left, right, row = 760, 150, 12, 30
    span = max([lane.end_ms for lane in lanes] + [at for at, _ in ticks] + [1])
    wide, bottom = width - left - right, len(lanes) * row + 8
    height = bottom + 20

    def x_of(ms: int) -> float:
        return left + wide * ms / span

    parts = [_open(width, height, title, role="img")]
    for index, (at, words) in enumerate(ticks):
        anchor = "start" if index == 0 else "end" if index == len(ticks) - 1 else "middle"
        parts.append(
            f'<line class="c-grid" x1="{x_of(at):.1f}" x2="{x_of(at):.1f}" y1="4" y2="{bottom}" '
            f'stroke="{LINE}"/><text x="{x_of(at):.1f}" y="{height - 5}" text-anchor="{anchor}" '
            f'fill="{MUTED}" {FONT}>{escape(words)}</text>'
        )
    for index, lane in enumerate(lanes):
        middle = index * row + row / 2 + 4
        talk_from = lane.end_ms if lane.answer_ms is None else lane.answer_ms
        ring_x, talk_x, end_x = x_of(lane.start_ms), x_of(talk_from), x_of(lane.end_ms)
        parts.append(
            f'<g><text class="c-strong" x="{left - 10}" y="{middle + 4:.1f}" text-anchor="end" '
            f'fill="{TEXT}" {FONT}>{escape(_cut(lane.label, 22))}</text>'
            f'<rect class="c-ring" x="{ring_x:.1f}" y="{middle - 2:.1f}" '
            f'width="{max(0.0, talk_x - ring_x):.1f}" height="4" fill="{WARN}"/>'
            f'<rect class="c-talk" x="{talk_x:.1f}" y="{middle - 8:.1f}" '
            f'width="{max(0.0, end_x - talk_x):.1f}" height="16" rx="2" fill="{ACCENT}"/>'
            f"<title>{escape(lane.says)}</title></g>"
        )
    parts.append("</svg>")
    return "".join(parts)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _open(width: int, height: int, title: str, *, role: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {width} {height}" '
        f'role="{role}" aria-label="{escape(title)}">'
    )
