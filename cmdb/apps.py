from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmdbConfig(AppConfig):
    """Business systems and configuration items."""

    name = "cmdb"
    verbose_name = _("Configuration management")

    def ready(self) -> None:
        """Connect what follows when somebody is switched off, and what keeps definitions."""
        from cmdb import leaving  # noqa: F401 - needs the models, which are loaded by now
        from cmdb.defining import keeping  # noqa: F401 - as above
