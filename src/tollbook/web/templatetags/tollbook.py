"""Filters and tags that every template has: how instants, durations and money are shown."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tollbook.app.reports import margin
from tollbook.app.words import counted
from tollbook.documents.cells import amount, clock, printable

register = template.Library()

# The seven colours of LOOK go to the call types in the order in which bills list them.
TYPE_COLOURS: Mapping[str, int] = {
    "national": 1,
    "local": 1,
    "mobile": 2,
    "incoming": 3,
    "premium": 4,
    "international": 5,
    "internal": 6,
}
OTHER_TYPE = 7


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw the icon *name*; words stand beside it or in the button's label."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("tollbook/icons.svg"),
        name,
    )


@register.simple_tag
def costs_in_use() -> bool:
    """Say whether calls have a cost, and so the call log a column for their margin."""
    return margin.costs_in_use()


@register.filter(name="counted")
def in_words(count: int, thing: str) -> str:
    """Show how many of a *thing* there are: 1 call, 1,200 calls."""
    return counted(count, thing)


@register.filter
def local(instant: datetime | None, zone: ZoneInfo) -> str:
    """Show *instant* to the second in *zone*: 2026-11-21 14:02:05."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}" if instant else ""


@register.simple_tag
def short_day(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Show the day of *instant* in *zone*: 21 Nov, with the year if it is not this one."""
    day, today = instant.astimezone(zone), now.astimezone(zone)
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"


@register.filter
def local_time(instant: datetime | None, zone: ZoneInfo) -> str:
    """Show the time of day of *instant* in *zone*: 14:02:05."""
    return f"{instant.astimezone(zone):%H:%M:%S}" if instant else ""


@register.filter
def duration(duration_ms: int | None) -> str:
    """Show a duration as hh:mm:ss."""
    return "" if duration_ms is None else clock(duration_ms)


@register.filter
def money(value: Decimal | None) -> str:
    """Show money exactly, with four decimals or more and with thousands parted."""
    if value is None:
        return ""
    whole, dot, decimals = amount(value).partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{dot}{decimals}"


@register.filter
def whole(count: int | None) -> str:
    """Show a count with its thousands parted: 12,345."""
    return "" if count is None else f"{count:,}"


@register.filter
def shown(text: str | None) -> str:
    """Show what a caller wrote, control characters as their pictures (escaped by the template)."""
    return printable(text or "")


@register.filter
def with_code(text: str) -> SafeString:
    """Show a message in which `commands` stand between backticks as such, all of it escaped."""
    pieces = text.split("`")
    return format_html_join(
        "",
        "{}{}{}",
        (
            (mark_safe("<code>"), piece, mark_safe("</code>")) if index % 2 else ("", piece, "")
            for index, piece in enumerate(pieces)
        ),
    )


@register.filter
def type_colour(call_type: str) -> int:
    """Return which of the seven colours a call type has."""
    return TYPE_COLOURS.get(call_type, OTHER_TYPE)


@register.filter
def call_type_words(call_type: str) -> str:
    """Show a call type as a word."""
    return call_type.replace("_", " ").capitalize() if call_type else "Unknown"


@register.simple_tag
def ago(instant: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """Say how long ago *instant* was: "12 s ago", "Friday 14:02", "2026-03-01 14:02"."""
    return time_ago(instant, now=now, zone=zone)


def time_ago(instant: datetime | None, *, now: datetime, zone: ZoneInfo) -> str:
    """Say how long before *now* it was, as people would; "never" for no instant.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> time_ago(noon, now=noon + timedelta(seconds=12), zone=ZoneInfo("UTC"))
    '12 s ago'
    """
    if instant is None:
        return "never"
    gone = max(now - instant, timedelta(0))
    at = instant.astimezone(zone)
    days = (now.astimezone(zone).date() - at.date()).days
    if gone < timedelta(minutes=2):
        return f"{gone.seconds} s ago"
    if gone < timedelta(hours=1):
        return f"{gone.seconds // 60} min ago"
    return f"{_day_words(at.date(), days)} {at:%H:%M}"


def _day_words(day: date, days_ago: int) -> str:
    if days_ago == 0:
        return "today"
    if days_ago == 1:
        return "yesterday"
    return f"{day:%A}" if days_ago < 7 else day.isoformat()


# Looked for in this order: Edge and Opera call themselves Chrome too, and Chrome Safari.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser(agent: str) -> str:
    """Name the browser and system that a User-Agent header claims: "Firefox on Linux"."""
    name = next((words for sign, words in BROWSERS if sign in agent), "")
    system = next((words for sign, words in SYSTEMS if sign in agent), "")
    if name and system:
        return f"{name} on {system}"
    return name or system or agent[:40] or "Unknown browser"


@register.filter
def long_day(instant: datetime, zone: ZoneInfo) -> str:
    """Show the day of *instant* in *zone* in words: Saturday 21 November 2026."""
    day = instant.astimezone(zone)
    return f"{day:%A} {day.day} {day:%B %Y}"
