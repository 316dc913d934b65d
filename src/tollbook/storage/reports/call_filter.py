"""Which calls: the filter of the call log, of its totals and of its exports."""

from dataclasses import dataclass

from tollbook.storage.db.sql import Clause, both, contains, fetch

SEARCHED = ("caller", "caller_name", "dialled", "callee", "callee_name")


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Calls for which everything that is given holds; nothing given: all calls.

    `from_us` and `to_us` bound the call's begin, half-open. `keyword` is any part of a number or
    a name, the one that the directory gives the call's extension included. `call_type` and
    `direction` (a `DirectionCode`) are exact, and so is `account_code`, the code as written, which
    need not be known. `extension_ids` are those of one number at several sites.
    `received_from_us` and `received_to_us` bound the instant at which the
    record came, half-open. The charge is the one in force, both bounds inclusive, in millionths;
    `unrated` true: only calls without an amount; `below_cost` true: only those whose charge is
    less than their cost, in one currency.
    """

    from_us: int | None = None
    to_us: int | None = None
    keyword: str = ""
    site_id: int | None = None
    pbx_id: int | None = None
    source_id: int | None = None
    extension_id: int | None = None
    extension_ids: tuple[int, ...] | None = None
    department_id: int | None = None
    owner_id: int | None = None
    account_code_id: int | None = None
    account_code: str | None = None
    trunk_id: int | None = None
    direction: int | None = None
    call_type: str | None = None
    destination: str | None = None
    answered: bool | None = None
    charge_min_micros: int | None = None
    charge_max_micros: int | None = None
    received_from_us: int | None = None
    received_to_us: int | None = None
    unrated: bool = False
    below_cost: bool = False

    @property
    def concerns_charge(self) -> bool:
        """Whether the charge must be known to answer."""
        return (
            self.unrated or self.charge_min_micros is not None or self.charge_max_micros is not None
        )

    @property
    def concerns_arrival(self) -> bool:
        """Whether the instant at which the record came decides anything."""
        return self.received_from_us is not None or self.received_to_us is not None

    @property
    def narrows_calls(self) -> bool:
        """Whether a column of the call decides anything."""
        bounds = (self.from_us, self.to_us, self.extension_ids, *self._exact().values())
        given = any(value is not None for value in bounds)
        return bool(self.keyword) or self.below_cost or self.concerns_arrival or given

    @property
    def needs_search(self) -> bool:
        """Whether calls of the period must be looked at one by one to know whether they fit."""
        values = (self.extension_ids, *self._exact().values())
        exact = any(value is not None for value in values)
        looked_at = self.concerns_charge or self.concerns_arrival or self.below_cost
        return bool(self.keyword) or looked_at or exact

    def period(self) -> Clause:
        """Return the condition on the begin of `c`, the call."""
        clauses = []
        if self.from_us is not None:
            clauses.append(Clause("c.begin_us >= %s", (self.from_us,)))
        if self.to_us is not None:
            clauses.append(Clause("c.begin_us < %s", (self.to_us,)))
        return both(clauses)

    def of_calls(self) -> Clause:
        """Return the condition on `c`, the call."""
        return both(
            [
                self.of_values(),
                self.of_keyword(),
                self.of_margin(),
                self.of_arrival(),
                self.period(),
            ]
        )

    def of_arrival(self) -> Clause:
        """Return the condition on the instant at which the record of `c` came."""
        clauses = []
        if self.received_from_us is not None:
            clauses.append(Clause("c.received_us >= %s", (self.received_from_us,)))
        if self.received_to_us is not None:
            clauses.append(Clause("c.received_us < %s", (self.received_to_us,)))
        return both(clauses)

    def of_values(self) -> Clause:
        """Return the condition on the columns of `c` that must have one value, or one of some."""
        clauses = [
            Clause(f"c.{column} = %s", (value,))
            for column, value in self._exact().items()
            if value is not None
        ]
        if self.extension_ids is not None:
            marks = ", ".join(["%s"] * len(self.extension_ids)) or "NULL"
            clauses.append(Clause(f"c.extension_id IN ({marks})", self.extension_ids))
        return both(clauses)

    def of_keyword(self) -> Clause:
        """Return the condition that a number or a name of `c` has the keyword in it."""
        if not self.keyword:
            return both([])
        said = contains([f"c.{column}" for column in SEARCHED], self.keyword)
        ours = contains(["x.name"], self.keyword)
        return Clause(
            f"{said.text} OR c.extension_id IN "
            f"(SELECT x.id FROM tollbook_extension x WHERE {ours.text})",
            (*said.values, *ours.values),
        )

    def of_margin(self) -> Clause:
        """Return the condition on `c` that its charge in force is less than its cost in force."""
        if not self.below_cost:
            return both([])
        newest = (
            "(SELECT max(n.run) FROM tollbook_charge n WHERE n.call_id = k.call_id "
            "AND n.kind = '{}')"
        )
        return Clause(
            "c.id IN (SELECT k.call_id FROM tollbook_charge k JOIN tollbook_charge s "
            "ON s.call_id = k.call_id AND s.kind = 'charge' AND s.currency = k.currency "
            "AND s.amount_micros < k.amount_micros "
            f"WHERE k.kind = 'cost' AND k.run = {newest.format('cost')} "
            f"AND s.run = {newest.format('charge')})"
        )

    def of_any_charge(self) -> Clause:
        """Return a condition on `c` that those calls meet, and others, whose charge fits.

        It lets a search begin at the few charges that fit; the one in force is tested after.
        """
        if not self.concerns_charge:
            return both([])
        fits = self.of_charges()
        return Clause(
            f"c.id IN (SELECT h.call_id FROM tollbook_charge h WHERE {fits.text})", fits.values
        )

    def of_charges(self, alias: str = "h", *, call: str = "call_id") -> Clause:
        """Return the condition on *alias*, the charge in force, whose call is in column *call*."""
        clauses = []
        if self.unrated:
            clauses.append(Clause(f"{alias}.{call} IS NOT NULL AND {alias}.amount_micros IS NULL"))
        if self.charge_min_micros is not None:
            clauses.append(Clause(f"{alias}.amount_micros >= %s", (self.charge_min_micros,)))
        if self.charge_max_micros is not None:
            clauses.append(Clause(f"{alias}.amount_micros <= %s", (self.charge_max_micros,)))
        return both(clauses)

    def _exact(self) -> dict[str, object]:
        return {
            "site_id": self.site_id,
            "pbx_id": self.pbx_id,
            "source_id": self.source_id,
            "extension_id": self.extension_id,
            "department_id": self.department_id,
            "owner_id": self.owner_id,
            "account_code_ref_id": self.account_code_id,
            "account_code": self.account_code,
            "trunk_id": self.trunk_id,
            "direction": self.direction,
            "call_type": self.call_type,
            "destination": self.destination,
            "answered": self.answered,
        }


def extensions_named(word: str) -> list[int]:
    """Return the ids of the extensions in whose name *word* is, as `of_keyword` finds them."""
    ours = contains(["x.name"], word)
    rows = fetch(f"SELECT x.id FROM tollbook_extension x WHERE {ours.text} ORDER BY 1", ours.values)
    return [extension_id for (extension_id,) in rows]
