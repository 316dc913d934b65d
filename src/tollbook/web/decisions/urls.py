"""The addresses of the room decisions."""

from django.urls import path

from tollbook.web.decisions.views import may_call

urlpatterns = [
    path("policies/may-call", may_call.may_call, name="may_call"),
]
