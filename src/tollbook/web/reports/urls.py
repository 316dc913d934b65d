"""The addresses of the room reports."""

from django.urls import path

from tollbook.web.reports.views import calls, home, statistics, unbilled

urlpatterns = [
    path("", home.home, name="home"),
    path("home/spend", home.spend, name="home_spend"),
    path("home/top", home.top, name="home_top"),
    path("home/failures", home.failures, name="home_failures"),
    path("calls", calls.calls, name="calls"),
    path("calls/live", calls.live, name="calls_live"),
    path("calls/totals", calls.totals, name="calls_totals"),
    path("calls/choices", calls.typed_choices, name="calls_choices"),
    path("calls/export.csv", calls.calls_file, {"kind": "csv"}, name="calls_csv"),
    path("calls/export.xlsx", calls.calls_file, {"kind": "xlsx"}, name="calls_xlsx"),
    path("calls/unbilled", unbilled.unbilled, name="unbilled"),
    path("calls/unbilled/export.<str:kind>", unbilled.unbilled_file, name="unbilled_file"),
    path("calls/<row:call_id>", calls.call, name="call"),
    path("calls/<row:call_id>/why", calls.why, name="call_why"),
    path("statistics", statistics.statistics_page, name="statistics"),
    path("statistics/export.<str:kind>", statistics.statistics_file, name="statistics_file"),
]
