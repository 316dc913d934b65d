"""The Django application that holds the tables."""

from django.apps import AppConfig


class StorageConfig(AppConfig):
    """Tables are named `tollbook_*`, so that a shared server shows whose they are."""

    name = "tollbook.storage"
    label = "storage"
    verbose_name = "Tollbook storage"
    default_auto_field = "django.db.models.BigAutoField"
