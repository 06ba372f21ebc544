from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    """Incidents: restoring service."""

    name = "incidents"
    verbose_name = _("Incidents")

    def ready(self) -> None:
        """Bring the figures of incidents."""
        from incidents import measures, standing  # needs models

        measures.register()
        standing.register()
