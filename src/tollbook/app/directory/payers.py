"""Who pays for a call: the first of its holders whose billing is on.

In this order: the owner of the call's account code, the extension, its department. Nobody pays
where the billing of all three is off; whether a call is one that is paid at all (an outbound one)
is for `core.dialplan.unbilled_reason` to say.

    payers = Payers.load(); payers.of(ext, code)     # many calls

Source: docs/algorithms/decision.md, "Who pays".
"""

from collections.abc import Iterable, Mapping
from typing import Self

from tollbook.storage.directory.holders import Holder, holder_rows

__all__ = ["DEPARTMENT", "EXTENSION", "OWNER", "Holder", "Payers", "first_payer", "payers_of"]

EXTENSION, DEPARTMENT, OWNER = "extension", "department", "owner"


class Payers:
    """The holders of an installation as they stood when they were loaded."""

    def __init__(
        self,
        holders: Mapping[tuple[str, int], Holder],
        *,
        department_of: Mapping[int, int],
        owner_of: Mapping[int, int],
    ) -> None:
        """*department_of* is by extension, *owner_of* by account code, both by row id."""
        self.holders = holders
        self._department_of = department_of
        self._owner_of = owner_of
        self.anybody_pays = any(holder.billing for holder in holders.values())

    @classmethod
    def load(cls) -> Self:
        """Return all holders, in four statements."""
        rows = holder_rows()
        holders = {(row.kind, row.id): row for row in rows.holders}
        return cls(holders, department_of=rows.department_of, owner_of=rows.owner_of)

    def all_of(
        self, extension_id: int | None, code_id: int | None
    ) -> tuple[Holder | None, Holder | None, Holder | None]:
        """Return the call's owner, extension and department, each None where it has none."""
        owner_id = self._owner_of.get(code_id) if code_id else None
        department_id = self._department_of.get(extension_id) if extension_id else None
        return (
            self.holders.get((OWNER, owner_id)) if owner_id else None,
            self.holders.get((EXTENSION, extension_id)) if extension_id else None,
            self.holders.get((DEPARTMENT, department_id)) if department_id else None,
        )

    def of(self, extension_id: int | None, code_id: int | None) -> Holder | None:
        """Return who pays a call of this extension with this account code; None: nobody."""
        if not self.anybody_pays:
            return None
        return first_payer(*self.all_of(extension_id, code_id))


def first_payer(
    owner: Holder | None, extension: Holder | None, department: Holder | None
) -> Holder | None:
    """Return the first of the three whose billing is on; None where nobody's is."""
    for holder in (owner, extension, department):
        if holder is not None and holder.billing:
            return holder
    return None


def payers_of(
    calls: Iterable[tuple[int | None, int | None]],
) -> dict[tuple[int | None, int | None], Holder | None]:
    """Return who pays, for each pair of extension and account code; only these are read."""
    pairs = set(calls)
    rows = holder_rows(
        extensions={extension for extension, _ in pairs if extension},
        codes={code for _, code in pairs if code},
    )
    holders = {(row.kind, row.id): row for row in rows.holders}
    known = Payers(holders, department_of=rows.department_of, owner_of=rows.owner_of)
    return {pair: known.of(*pair) for pair in pairs}
