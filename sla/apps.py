from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SlaConfig(AppConfig):
    """Service levels: the limits of tickets."""

    name = "sla"
    verbose_name = _("Service levels")

    def ready(self) -> None:
        """Listen to what happens to tickets."""
        from sla import events, receivers  # noqa: F401 - connects receivers

        events.register()
