"""All addresses: the API's, the probes' and the pages'."""

from django.urls import include, path

urlpatterns = [
    path("", include("tollbook.api.urls")),
    path("", include("tollbook.web.urls")),
]

handler400 = "tollbook.web.frame.views.errors.refused"
handler404 = "tollbook.web.frame.views.errors.missing"
handler500 = "tollbook.web.frame.views.errors.broken"
