"""What a column of a deck can hold, and how other people's headings call it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tollbook.core.tariff.deck.cells import DateOrder, DecimalSign


@dataclass(frozen=True, slots=True)
class DeckField:
    """One thing about a rate: its key, our heading, and other headings that mean it."""

    key: str
    title: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeckOptions:
    """How a deck writes what its cells do not say.

    A price without *per_s* of its own is for *per_s* seconds; one without increments is billed
    in *first_s*, then *increment_s*. With *several* a prefix cell may hold lists and ranges.
    """

    decimal: DecimalSign = "."
    dates: DateOrder = "iso"
    per_s: int = 60
    first_s: int = 60
    increment_s: int = 60
    several: bool = False


@dataclass(frozen=True, slots=True)
class DeckLayout:
    """Where a deck's fields stand: *columns* from field to 0-based column.

    *header_row* is the 1-based row of the headings, 0 if there is none; rows above are not read.
    """

    columns: Mapping[str, int]
    header_row: int = 1
    options: DeckOptions = DeckOptions()


def _field(key: str, title: str, words: str = "") -> DeckField:
    return DeckField(key, title, tuple(words.split("|")) if words else ())


DECK_FIELDS = (
    _field("prefix", "Prefix", "code|dial code|dialcode|destination code|digits|area code|dialing "
           "code|dial prefix|number prefix|prefix id|breakout|city code|vorwahl|rufnummer"),
    _field("country_code", "Country code", "cc|country prefix|idd"),
    _field("destination", "Destination", "destination name|description|name|zone|country|location|"
           "route|area|prefix name|code name|ziel"),
    _field("call_type", "Call type", "type|class|category"),
    _field("number_length", "Number length", "length|num length"),
    _field("band", "Band", "time band|time class|period"),
    _field("price", "Price", "rate|rate min|rate per minute|rate per min|price per minute|cost|"
           "price min|per minute|min rate|buy rate|sell rate|new rate|rate usd|rate eur|price usd|"
           "price eur|usd min|eur min|tarif|preis"),
    _field("per_s", "Per (s)", "price per s|per seconds"),
    _field("first_s", "First increment (s)", "first increment|initial increment|minimum increment|"
           "initial interval|interval 1|first interval|min time|initial block|minimum duration"),
    _field("increment_s", "Increment (s)", "increment|next increment|interval n|interval|next "
           "interval|subsequent increment|second increment|billing increment s"),
    _field("billing", "Billing", "billing increment|billing increments|increments|billing terms|"
           "rounding|billing interval|taktung"),
    _field("connect_fee", "Connect fee", "connection fee|setup fee|connect charge|connection "
           "charge|set up|connect|setup|call setup|flagfall|connect cost"),
    _field("initial_cost", "Initial cost"),
    _field("initial_s", "Initial time (s)", "initial time"),
    _field("unit_price", "Unit price", "unit cost|unit rate"),
    _field("unit_s", "Billing unit (s)", "billing unit|unit time"),
    _field("window_from", "Start time", "time from"),
    _field("window_to", "End time", "time to"),
    _field("other_price", "Other price form"),
    _field("free_s", "Free (s)", "free seconds|grace period|free time"),
    _field("minimum_s", "Minimum (s)", "minimum time|minimum seconds"),
    _field("minimum_charge", "Minimum charge", "min charge|minimum cost"),
    _field("maximum_charge", "Maximum charge", "max charge|maximum cost|cap"),
    _field("effective_from", "Effective from", "effective date|effective|valid from|start date|"
           "from date|date from|activation date|gültig ab|gueltig ab"),
    _field("effective_to", "Effective to", "end date|valid to|expiry date|valid until|date to|"
           "expires|expiration date"),
    _field("callers", "Callers", "extensions|caller"),
    _field("trunks", "Trunks", "trunk"),
    _field("active", "Active", "activate on|enabled|status"),
    _field("remark", "Remark", "comment|comments|note|notes|remarks|change"),
)  # fmt: skip
FIELD_OF = {field.key: field for field in DECK_FIELDS}
_LOOKED_AT_ROWS = 40


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Return the 1-based row among the first *rows* that holds the headings, 0 if none does.

    It is the one in which most cells are headings that we know, a prefix among them.
    """
    best, found = 0, 1
    for number, cells in enumerate(rows[:_LOOKED_AT_ROWS], start=1):
        columns = suggest_columns(cells)
        if "prefix" in columns and len(columns) > found:
            best, found = number, len(columns)
    return best


def suggest_columns(
    headings: Sequence[str], remembered: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Return the column of each field that the *headings* name, no column twice.

    *remembered* are headings by field, as chosen for an earlier deck: they come first.

    >>> suggest_columns(["Dial Code", "Destination", "Rate (USD)/min", "Interval 1"])
    {'prefix': 0, 'destination': 1, 'price': 2, 'first_s': 3}
    """
    plain = [_plain(heading) for heading in headings]
    wanted: list[tuple[str, tuple[str, ...]]] = [
        (key, (_plain(heading),)) for key, heading in (remembered or {}).items()
    ]
    if not any(words[0] in plain for _, words in wanted):
        wanted = []
    if not wanted:
        wanted = [(field.key, (_plain(field.title), _plain(field.key))) for field in DECK_FIELDS]
        wanted += [(field.key, tuple(map(_plain, field.words))) for field in DECK_FIELDS]
    columns: dict[str, int] = {}
    taken: set[int] = set()
    for key, words in wanted:
        at = next((plain.index(word) for word in words if word in plain), None)
        if at is not None and key not in columns and at not in taken:
            columns[key] = at
            taken.add(at)
    if "price" not in columns and not remembered:
        near = (at for at, word in enumerate(plain) if {"rate", "price"} & set(word.split()))
        at = next((at for at in near if at not in taken), None)
        if at is not None:
            columns["price"] = at
    if {"initial_s", "unit_s"} & columns.keys() and "unit_price" not in columns:
        # Beside an initial time or a billing unit "Rate" is what such a unit costs.
        columns = {"unit_price" if key == "price" else key: at for key, at in columns.items()}
    return dict(sorted(columns.items(), key=lambda item: item[1]))


def _plain(heading: str) -> str:
    kept = "".join(sign if sign.isalnum() else " " for sign in heading.casefold())
    return " ".join(kept.split())
