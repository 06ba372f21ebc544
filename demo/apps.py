from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The shipped code tables and the demonstration data."""

    name = "demo"
