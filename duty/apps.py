from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DutyConfig(AppConfig):
    """Who is on duty, and who is told on a group's behalf."""

    name = "duty"
    verbose_name = _("Duty rosters")

    def ready(self) -> None:
        """Let leaders and turns be handed on."""
        from duty import leaving  # noqa: F401 - needs the models, which are loaded by now
