"""The addresses of the room frame."""

from django.urls import path

from tollbook.web.frame import assets
from tollbook.web.frame.views import choose_site, search

urlpatterns = [
    path("static/<path:name>", assets.serve, name="static"),
    path("favicon.ico", assets.favicon, name="favicon"),
    path("find", search.find, name="find"),
    path("health", search.health_dot, name="health"),
    path("site", choose_site.choose, name="choose_site"),
]
