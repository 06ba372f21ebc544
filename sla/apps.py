from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SlaConfig(AppConfig):
    """Service levels: the limits of tickets."""

    name = "sla"
    verbose_name = _("Service levels")

    def ready(self) -> None:
        """Listen to what happens to tickets."""
        from sla import events, pausing, receivers  # noqa: F401 - connects receivers
        from tickets.waiting import register_pausing

        events.register()
        register_pausing(pausing.reasons_that_pause)
