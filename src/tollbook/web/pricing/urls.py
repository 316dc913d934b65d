"""The addresses of the room pricing."""

from django.urls import path

from tollbook.web.pricing.views import exchange_rates, plans, tester

urlpatterns = [
    path("tariffs/tester", tester.tester, name="tester"),
    path("tariffs/plans", plans.plans, name="plans"),
    path("tariffs/plans/export.<str:kind>", plans.plans_file, name="plans_file"),
    path("tariffs/plans/add", plans.new_plan, name="new_plan"),
    path("tariffs/plans/<row:plan_id>", plans.plan, name="plan"),
    path("tariffs/plans/<row:plan_id>/document.json", plans.plan_document, name="plan_document"),
    path("tariffs/exchange-rates", exchange_rates.exchange_rates, name="exchange_rates"),
    path(
        "tariffs/exchange-rates/export.<str:kind>",
        exchange_rates.exchange_rates_file,
        name="exchange_rates_file",
    ),
    path("tariffs/exchange-rates/add", exchange_rates.new_rates, name="new_rates"),
]
