from django.apps import AppConfig


class ImportingConfig(AppConfig):
    """Importing the history of other products."""

    name = "importing"
