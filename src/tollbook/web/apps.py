"""The Django application that holds templates and static files."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The screens have no tables of their own."""

    name = "tollbook.web"
    label = "web"
