"""The API's addresses, and those of the probes."""

from django.urls import path, re_path

from tollbook.api.probes import healthz, metrics
from tollbook.api.service import api, unknown_path

urlpatterns = [
    path("api/v1/", api.urls),
    re_path(r"^api/", unknown_path),
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
]
