from django.apps import AppConfig


class SecondKindConfig(AppConfig):
    """Visits on site."""

    name = "tests.second_kind"
    label = "second_kind"
