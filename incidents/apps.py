from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    """Incidents: restoring service."""

    name = "incidents"
    verbose_name = _("Incidents")

    def ready(self) -> None:
        """Bring the figures of incidents and what lists show of them, listen to what happens to them."""
        from incidents import columns, leaving, receivers  # noqa: F401 - needs models; some connect
        from incidents.emergencies import notices  # noqa: F401 - says what it tells
        from incidents.figures import measures, standing, stays, unfinished  # the same

        measures.register()
        unfinished.register()
        stays.register()
        standing.register()
        columns.register()
