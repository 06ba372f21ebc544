from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SlaConfig(AppConfig):
    """Service levels: the limits of tickets."""

    name = "sla"
    verbose_name = _("Service levels")

    def ready(self) -> None:
        """Listen to what happens to tickets."""
        from notifications.sending import claiming  # needs models
        from sla import checks, events, receivers  # noqa: F401 - needs models
        from sla.promises import pausing  # needs models
        from sla.orders import reacting  # isort: skip  # noqa: F401 - after the clocks
        from sla.clocks.relevance import is_obsolete  # needs models
        from tickets.shared.waiting import register_pausing  # needs models

        events.register()
        claiming.obsolete_checks.append(is_obsolete)
        post_migrate.connect(receivers.adopt_version, sender=self)
        register_pausing(pausing.reasons_that_pause)
