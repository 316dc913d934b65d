"""What the call log's filters offer: the names behind the ids."""

from collections.abc import Sequence
from dataclasses import dataclass

from tollbook.app.access.roles import EVERYWHERE, Reach
from tollbook.app.directory.choices import (
    Choice,
    codes_within,
    extensions_within,
    filter_choices,
    recent_codes,
)

# A longer list is no help to choose from, and would make every page heavy.
MOST_OFFERED = 200
FilterOptions = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class LogChoices:
    """Ids with their names, for every key of the log that stands for a row of another table."""

    site: FilterOptions
    department: FilterOptions
    owner: FilterOptions
    trunk: FilterOptions
    pbx: FilterOptions
    source: FilterOptions
    extensions: Sequence[Choice]
    account_codes: Sequence[Choice]

    def of(self, key: str) -> FilterOptions:
        """Return the options of *key*: site, department, owner, trunk, pbx or source."""
        options: FilterOptions = getattr(self, key)
        return options

    def extension_ids(self, number: str) -> tuple[int, ...]:
        """Return the ids of the extensions with *number*, several where sites number alike."""
        return tuple(choice.id for choice in self.extensions if choice.label == number)

    def account_code_id(self, code: str) -> int | None:
        """Return the id of an account code that is entered."""
        return _id_of(code, self.account_codes)


def load_choices(reach: Reach = EVERYWHERE) -> LogChoices:
    """Return what there is to choose from now, for whoever sees as far as *reach*."""
    if not reach.is_everything:
        return _own_choices(reach)
    found = filter_choices()
    return LogChoices(
        site=_labels(found.sites),
        department=_labels(found.departments),
        owner=_labels(found.owners),
        trunk=[(choice.id, choice.name or choice.label) for choice in found.trunks],
        pbx=_labels(found.pbxs),
        source=_labels(found.sources),
        extensions=found.extensions,
        account_codes=found.account_codes,
    )


def _own_choices(reach: Reach) -> LogChoices:
    """Return the choices of an owner or an extension: its own telephone and codes only."""
    return LogChoices(
        site=(), department=(), owner=(), trunk=(), pbx=(), source=(),
        extensions=extensions_within(reach),
        account_codes=codes_within(reach),
    )  # fmt: skip


def offered(choices: Sequence[Choice]) -> list[tuple[str, str]]:
    """Return the first of *choices* as label and name, no more than help to choose."""
    return [(choice.label, choice.name) for choice in choices[:MOST_OFFERED]]


def matching(key: str, word: str, reach: Reach) -> list[tuple[str, str]]:
    """Return what is offered for a text field as *word* is typed: its label or name has it.

    *key* is `extension` or `account_code`; codes that callers typed and nobody entered are offered
    last.
    """
    found = load_choices(reach)
    choices = list(found.extensions if key == "extension" else found.account_codes)
    if key == "account_code" and reach.is_everything:
        entered = {choice.label for choice in choices}
        typed = [code for code in recent_codes() if code not in entered]
        choices += [Choice(0, code, "not entered yet") for code in typed]
    asked = word.casefold()
    return offered(
        [one for one in choices if asked in one.label.casefold() or asked in one.name.casefold()]
    )


def _labels(choices: Sequence[Choice]) -> list[tuple[int, str]]:
    return [(choice.id, choice.label) for choice in choices]


def _id_of(label: str, choices: Sequence[Choice]) -> int | None:
    return next((choice.id for choice in choices if choice.label == label), None)
