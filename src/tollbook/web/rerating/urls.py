"""The addresses of the room rerating."""

from django.urls import path

from tollbook.web.rerating.views import rerate, what_if

urlpatterns = [
    path("tariffs/rerate", rerate.rerate, name="rerate"),
    path("tariffs/rerate/dry-run", rerate.preview, name="rerate_preview"),
    path("tariffs/rerate/<row:run_id>", rerate.rerating, name="rerating"),
    path("tariffs/rerate/<row:run_id>/carry-on", rerate.resume, name="resume_rerating"),
    path(
        "tariffs/rerate/<row:run_id>/differences",
        rerate.run_differences,
        name="rerating_differences",
    ),
    path("tariffs/what-if", what_if.what_if, name="what_if"),
    path("tariffs/what-if/result", what_if.result, name="what_if_result"),
    path("tariffs/what-if/export.csv", what_if.export, {"kind": "csv"}, name="what_if_csv"),
    path("tariffs/what-if/export.xlsx", what_if.export, {"kind": "xlsx"}, name="what_if_xlsx"),
    path(
        "tariffs/what-if/unrated.csv",
        what_if.export,
        {"kind": "csv", "unrated": True},
        name="what_if_unrated",
    ),
]
