"""Rate decks: a tariff's rates as the rows of a table, read and written."""

from tollbook.core.tariff.deck.cells import DateOrder, DecimalSign
from tollbook.core.tariff.deck.fields import (
    DECK_FIELDS,
    FIELD_OF,
    DeckField,
    DeckLayout,
    DeckOptions,
    find_header,
    suggest_columns,
)
from tollbook.core.tariff.deck.reading import (
    MAX_FAULTS_KEPT,
    MAX_ROWS,
    DeckReading,
    column_letters,
    read_deck,
)
from tollbook.core.tariff.deck.writing import deck_fields, deck_rows, rate_cells

__all__ = [
    "DECK_FIELDS",
    "FIELD_OF",
    "MAX_FAULTS_KEPT",
    "MAX_ROWS",
    "DateOrder",
    "DecimalSign",
    "DeckField",
    "DeckLayout",
    "DeckOptions",
    "DeckReading",
    "column_letters",
    "deck_fields",
    "deck_rows",
    "find_header",
    "rate_cells",
    "read_deck",
    "suggest_columns",
]
