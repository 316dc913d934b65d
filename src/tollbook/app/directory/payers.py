"""Who pays for a call: the first of its holders whose billing is on.

In this order: the owner of the call's account code, the extension, its department. Nobody pays
where the billing of all three is off; whether a call is one that is paid at all (an outbound one)
is for `core.dialplan.unbilled_reason` to say.

    payers = Payers.load(); payers.of(ext, code)     # many calls

Source: docs/algorithms/decision.md, "Who pays".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from tollbook.core.ledger import AccountRef
from tollbook.storage.directory.holders import PayerRow, holder_rows

EXTENSION, DEPARTMENT, OWNER = "extension", "department", "owner"


@dataclass(frozen=True, slots=True)
class Holder:
    """A holder of an account and its rules of money; limits that are None do not limit.

    `kind` is extension, department or owner, `name` what people call it. Amounts are millionths
    of `currency`: the site's, an owner's that of the first site.
    """

    kind: str
    id: int
    name: str
    currency: str
    billing: bool = False
    prepaid: bool = True
    credit_micros: int = 0
    locked: bool = False
    active: bool = True
    call_limit_micros: int | None = None
    call_limit_s: int | None = None
    floor_micros: int | None = None
    concurrent_limit: int | None = None

    @property
    def account(self) -> AccountRef:
        """The account in the ledger: it keeps the holder's number, whatever he is called."""
        return AccountRef(self.kind, str(self.id))

    @property
    def words(self) -> str:
        """The holder as an answer names him: `extension 101`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class PayingHolder:
    """Who pays a call, from which account, in which currency."""

    holder: Holder

    @property
    def account(self) -> AccountRef:
        """The account that is charged."""
        return self.holder.account

    @property
    def currency(self) -> str:
        """The currency of that account."""
        return self.holder.currency


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
        holders = {(row.kind, row.id): _holder(row) for row in rows.holders}
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

    def of(self, extension_id: int | None, code_id: int | None) -> PayingHolder | None:
        """Return who pays a call of this extension with this account code; None: nobody."""
        if not self.anybody_pays:
            return None
        return first_payer(*self.all_of(extension_id, code_id))


def first_payer(
    owner: Holder | None, extension: Holder | None, department: Holder | None
) -> PayingHolder | None:
    """Return the first of the three whose billing is on; None where nobody's is."""
    for holder in (owner, extension, department):
        if holder is not None and holder.billing:
            return PayingHolder(holder)
    return None


def payers_of(
    calls: Iterable[tuple[int | None, int | None]],
) -> dict[tuple[int | None, int | None], PayingHolder | None]:
    """Return who pays, for each pair of extension and account code; only these are read."""
    pairs = set(calls)
    rows = holder_rows(
        extensions={extension for extension, _ in pairs if extension},
        codes={code for _, code in pairs if code},
    )
    holders = {(row.kind, row.id): _holder(row) for row in rows.holders}
    known = Payers(holders, department_of=rows.department_of, owner_of=rows.owner_of)
    return {pair: known.of(*pair) for pair in pairs}


def _holder(row: PayerRow) -> Holder:
    return Holder(
        kind=row.kind,
        id=row.id,
        name=row.name,
        currency=row.currency,
        billing=bool(row.billing),
        prepaid=row.payment_type == "prepaid",
        credit_micros=row.credit_micros,
        locked=bool(row.locked),
        active=bool(row.active),
        call_limit_micros=row.call_limit_micros,
        call_limit_s=row.call_limit_s,
        floor_micros=row.floor_micros,
        concurrent_limit=row.concurrent_limit,
    )
