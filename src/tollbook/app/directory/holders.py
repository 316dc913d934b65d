"""Whose account it is: extensions, owners and departments by the names that people use."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tollbook.app.access.roles import NO_SUCH, Reach
from tollbook.core.ledger import AccountRef
from tollbook.storage.billing.balances import (
    KINDS,
    SORTS,
    HolderFilter,
    HolderKind,
    HolderRow,
    count_holders,
    holder_ids,
    holders_by_id,
    list_holders,
)
from tollbook.storage.billing.recharges import MovementFilter
from tollbook.storage.models import Department, Extension, Owner, Site

__all__ = [
    "KINDS",
    "MODELS",
    "SORTS",
    "HolderFilter",
    "HolderKind",
    "HolderRow",
    "Unknown",
    "account_of",
    "count_holders",
    "find_holders",
    "holder_ids",
    "holder_within",
    "holders_by_id",
    "holders_within",
    "list_holders",
    "own_holder",
    "plural",
    "visible_holders",
    "visible_movements",
]

MODELS: dict[HolderKind, type[Extension] | type[Owner] | type[Department]] = {
    "extension": Extension,
    "owner": Owner,
    "department": Department,
}
_SHOWN = 5  # Unknown names in one message; the first ones tell what happened.


@dataclass(frozen=True, slots=True)
class Unknown:
    """Names that stand for nobody, or for several; `message` says which and what to do."""

    message: str


def account_of(kind: HolderKind, holder_id: int) -> AccountRef:
    """Return the account of a holder."""
    return AccountRef(kind, str(holder_id))


def find_holders(
    kind: HolderKind, names: Sequence[str], *, site: str | None = None
) -> tuple[int, ...] | Unknown:
    """Return the ids of those called *names* (numbers of extensions), in that order.

    At *site* if it is given, else wherever the name is unique. Owners belong to no site.
    """
    column = "number" if kind == "extension" else "name"
    wanted: dict[str, object] = {f"{column}__in": set(names)}
    if site is not None:
        if not Site.objects.filter(name=site).exists():
            known = ", ".join(Site.objects.order_by("id").values_list("name", flat=True)[:_SHOWN])
            return Unknown(f'there is no site "{site[:64]}". Nothing was done. Known: {known}.')
        if kind != "owner":
            wanted["site__name"] = site
    found: dict[str, list[int]] = {}
    for name, holder_id in MODELS[kind].objects.filter(**wanted).values_list(column, "pk"):
        found.setdefault(name, []).append(holder_id)
    missing = [name for name in names if name not in found]
    if missing:
        words = _listed(missing)
        return Unknown(f"there is no {kind} {words}. Nothing was done. See the list, add it first.")
    twice = [name for name in names if len(found[name]) > 1]
    if twice:
        return Unknown(
            f"several sites have the {kind} {_listed(twice)}. Nothing was done. Say which site."
        )
    return tuple(found[name][0] for name in names)


def plural(kind: HolderKind, count: int) -> str:
    """Return a count in words.

    >>> plural("extension", 1), plural("owner", 1_200)
    ('1 extension', '1,200 owners')
    """
    return f"{count:,} {kind}{'' if count == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    words = ", ".join(f'"{name[:64]}"' for name in names[:_SHOWN])
    return words + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def visible_holders(reach: Reach, wanted: HolderFilter) -> HolderFilter:
    """Return *wanted* narrowed to the holders within *reach*; beyond it, to none."""
    if reach.is_everything:
        return wanted
    own = {"extension": reach.extension_id, "owner": reach.owner_id}.get(wanted.kind) or NO_SUCH
    return replace(wanted, only_id=own if wanted.only_id in (None, own) else NO_SUCH)


def holder_within(reach: Reach, kind: HolderKind, holder_id: int) -> HolderRow | None:
    """Return one holder; None for one that is not there or beyond *reach*."""
    found = holders_by_id(kind, [holder_id])
    wanted = visible_holders(reach, HolderFilter(kind=kind, only_id=holder_id))
    return found[0] if found and wanted.only_id == holder_id else None


def holders_within(reach: Reach, kind: HolderKind, ids: Sequence[int]) -> list[HolderRow]:
    """Return those of *ids* that are there and within *reach*, by number."""
    found = holders_by_id(kind, ids)
    if reach.is_everything:
        return found
    only = visible_holders(reach, HolderFilter(kind=kind)).only_id
    return [row for row in found if row.id == only]


def own_holder(reach: Reach) -> HolderRow | None:
    """Return the holder whose account is all that *reach* shows; None for who sees everything."""
    kind: HolderKind = "owner" if reach.owner_id is not None else "extension"
    holder_id = reach.owner_id or reach.extension_id
    found = holders_by_id(kind, [holder_id]) if holder_id else []
    return found[0] if found else None


def visible_movements(reach: Reach, wanted: MovementFilter) -> MovementFilter:
    """Return *wanted* narrowed to what was posted by hand to holders within *reach*."""
    if reach.is_everything:
        return wanted
    kind: HolderKind = "owner" if reach.owner_id is not None else "extension"
    own = (reach.owner_id if kind == "owner" else reach.extension_id) or NO_SUCH
    if wanted.kind not in (None, kind) or not (
        wanted.holder_ids is None or own in wanted.holder_ids
    ):
        own = NO_SUCH
    return replace(wanted, kind=kind, holder_ids=(own,))
