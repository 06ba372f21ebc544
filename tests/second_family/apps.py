from django.apps import AppConfig


class SecondFamilyConfig(AppConfig):
    """Devices that are lent."""

    name = "tests.second_family"
    label = "second_family"
