"""The addresses of the screens."""

from django.urls import path

from tollbook.web import assets
from tollbook.web.views import account, find, quarantine, settings, sources, tariffs, tester

urlpatterns = [
    path("static/<path:name>", assets.serve, name="static"),
    path("sign-in", account.sign_in_page, name="sign_in"),
    path("sign-out", account.sign_out, name="sign_out"),
    path("account", account.account, name="account"),
    path("account/password", account.password, name="password"),
    path("account/sessions/<int:session_id>/end", account.end_one, name="end_session"),
    path("account/sessions/end-others", account.end_others, name="end_other_sessions"),
    path("find", find.find, name="find"),
    path("health", find.health_dot, name="health"),
    path("calls/quarantine", quarantine.quarantine, name="quarantine"),
    path("calls/quarantine/export.csv", quarantine.quarantine_csv, name="quarantine_csv"),
    path("calls/quarantine/<int:reject_id>", quarantine.reject, name="reject"),
    path("calls/quarantine/<int:reject_id>/dismiss", quarantine.dismiss, name="dismiss_reject"),
    path("calls/duplicates", quarantine.duplicates, name="duplicates"),
    path("sources", sources.sources, name="sources"),
    path("sources/rows", sources.source_rows, name="sources_rows"),
    path("sources/add", sources.add, name="add_source"),
    path("sources/<int:source_id>/start", sources.start, name="start_source"),
    path("sources/<int:source_id>/stop", sources.stop, name="stop_source"),
    path("tariffs", tariffs.tariffs, name="tariffs"),
    path("tariffs/upload", tariffs.upload, name="upload_tariff"),
    path("tariffs/tester", tester.tester, name="tester"),
    path("tariffs/<int:tariff_id>", tariffs.tariff, name="tariff"),
    path("tariffs/<int:tariff_id>/versions/<int:number>", tariffs.tariff, name="tariff_version"),
    path(
        "tariffs/<int:tariff_id>/versions/<int:number>/document.json",
        tariffs.document,
        name="tariff_document",
    ),
    path("settings", settings.settings, name="settings"),
]
