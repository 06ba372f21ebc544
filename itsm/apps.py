"""The wiring as an app, so that its commands are found."""

from django.apps import AppConfig


class ItsmConfig(AppConfig):
    """Binds Celery's ``shared_task`` to our broker and guards forms in every process that loads Django."""

    name = "itsm"

    def ready(self) -> None:
        from itsm import celery  # noqa: F401  (needs the settings, hence not at the top)
        from itsm.moments import guard_forms

        guard_forms()
