"""What a call that is about to be placed will cost: the price that its final charge asks too.

The tariff is found as for a stored call (`app.pricing.rater.Rater`), and so is the plan. Without a
plan the tariff alone answers; with one the composed price does, and no volume discount is assumed
that is not yet earned. Free seconds that other calls hold are not there for this one.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from tollbook.app.pricing.pbx_rules import CHARGE
from tollbook.app.pricing.plans import PlanAtWork
from tollbook.app.pricing.prices import Prices
from tollbook.app.pricing.rater import Billable, talked_call
from tollbook.core.batch import ChargeValues
from tollbook.core.calendar import zone
from tollbook.core.charging import Charged, Counters, Plan, charge
from tollbook.core.charging import longest_talk as longest_composed
from tollbook.core.charging.compose import CounterKey
from tollbook.core.money import from_micros, to_micros
from tollbook.core.policies import Pricing
from tollbook.core.rating import TalkedCall, Unrated, longest_talk
from tollbook.core.tariff import CompiledTariff

CountersFor = Callable[[PlanAtWork], Counters]
NOTHING = Pricing(unrated=True, longest_talk=lambda _credit, _at_most_s: 0, cost=lambda _talk_s: 0)


class CallPrice:
    """The price of one call by its length; amounts in millionths of `currency`.

    `unrated` says in words why there is none, "" where there is one.
    """

    def __init__(
        self,
        prices: Prices,
        call: Billable,
        *,
        pbx_id: int | None,
        site_id: int,
        site: str,
        counters_for: CountersFor,
    ) -> None:
        self.currency = ""
        self.unrated = ""
        self.tariff_version_id: int | None = None
        self.work: PlanAtWork | None = None
        self._is_asked = False
        self._won: int | str | None = None
        self._asked_s, self._found = -1, cast("int | str", 0)  # The last answer: asked again.
        rater = prices.raters.get(pbx_id) if pbx_id is not None else None
        chosen = "no_pbx" if rater is None else rater.chosen(call)
        if isinstance(chosen, str):
            self.unrated = chosen
            return
        self._pricer, self._by_dialled = chosen
        self.tariff_version_id = self._pricer.version_id
        self._compiled: CompiledTariff = self._pricer.compiled
        self._billable = call
        self.currency = self._compiled.currency
        self._site = site
        self.work = prices.plans.in_force(site_id, call.talk_us) if prices.plans else None
        if self.work is None:
            if self._pricer.repeats:
                number = call.dialled if self._by_dialled else call.callee
                self._won = self._pricer.rate_of(call, number)
        else:
            plan = self.work.plan
            self.call = self._talked()
            self.currency = plan.currency or self.currency
            self._plan = _with_rate(plan, self._compiled, self.call, prices)
            self._counters = counters_for(self.work)

    def pricing(self, likely_s: int | None = None) -> Pricing:
        """Return the price as a decision asks it; a call without any is unrated.

        *likely_s* is the length that will be asked for, if that is known: asked at once, it tells
        all that the decision wants.
        """
        if not self._is_asked and not self.unrated:
            self._is_asked = True
            first = self._charged(likely_s or 1)
            # Later seconds may have no rate: then the limit ends where the rates do.
            if isinstance(first, str) and first != "no_rate_midway":
                self.unrated = first
        # Not kept: a price and what it hands out would hold each other for the cyclic collector.
        return (
            NOTHING
            if self.unrated
            else Pricing(unrated=False, longest_talk=self.longest_talk, cost=self.cost)
        )

    def longest_talk(self, credit_micros: int, at_most_s: int | None) -> int | None:
        """Return the most seconds that the credit pays, up to *at_most_s*; None: without end."""
        if at_most_s is not None:
            whole = self._charged(at_most_s)
            if not isinstance(whole, str) and whole <= credit_micros:
                return at_most_s  # A charge never falls as talk goes on: less is paid too.
        credit = from_micros(credit_micros)
        if self.work is None:
            call = self._talked()
            found = longest_talk(self._compiled, call, credit=credit, at_most_s=at_most_s)
        else:
            found = longest_composed(
                self._plan,
                {"": self._compiled},
                self.call,
                self._counters,
                credit=credit,
                at_most_s=at_most_s,
                default="",
                site=self._site,
            )
        return 0 if isinstance(found, Unrated) else found

    def cost(self, talk_s: int) -> int:
        """Return what *talk_s* cost at most; 0 where that has no price."""
        charged = self._charged(talk_s)
        return 0 if isinstance(charged, str) else charged

    def final(self, talk_s: int) -> int | None:
        """Return the charge of a call that lasted *talk_s*, discounts and all; None: no price."""
        if self.work is None:
            plain = self._charged(talk_s)
            return None if isinstance(plain, str) else plain
        found = self._compose(talk_s, earned_only=False)
        return None if isinstance(found, Unrated) else to_micros(found.charge)

    def covered(self, talk_s: int) -> tuple[tuple[CounterKey, int], ...]:
        """Return the free seconds that a call of *talk_s* takes, by the bundle's key."""
        if self.unrated or self.work is None or not self._plan.bundles:
            return ()
        found = self._compose(talk_s)
        return found.effects.bundles if isinstance(found, Charged) else ()

    def _charged(self, talk_s: int) -> int | str:
        if self.work is not None:
            found = self._compose(talk_s)
            return found.reason if isinstance(found, Unrated) else to_micros(found.charge)
        if self._won is not None:
            return _micros(self._pricer.charge_at(self._won, talk_s, CHARGE))
        if talk_s != self._asked_s:
            call = self._billable._replace(talk_ms=talk_s * 1000)
            priced = self._pricer.charge(call, CHARGE, by_dialled=self._by_dialled)
            self._asked_s, self._found = talk_s, _micros(priced)
        return self._found

    def _talked(self) -> TalkedCall:
        call = self._billable
        return talked_call(call, call.dialled if self._by_dialled else call.callee)

    def _compose(self, talk_s: int, *, earned_only: bool = True) -> Charged | Unrated:
        return charge(
            self._plan,
            {"": self._compiled},
            self.call.lasting(talk_s),
            self._counters,
            default="",
            site=self._site,
            earned_only=earned_only,
        )


def _micros(priced: ChargeValues) -> int | str:
    """Return the amount, or why there is none."""
    return priced.unrated_reason if priced.amount_micros is None else priced.amount_micros


def _with_rate(plan: Plan, compiled: CompiledTariff, call: TalkedCall, prices: Prices) -> Plan:
    """Return *plan* with the exchange rate of the call's day, if it needs one."""
    if not plan.currency or plan.currency == compiled.currency:
        return plan
    from_to = compiled.currency, plan.currency
    found = prices.rates.rate(*from_to, call.start.astimezone(zone(plan.zone)).date())
    return replace(plan, exchange_rates=(found,)) if found else plan
