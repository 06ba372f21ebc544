from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProblemsConfig(AppConfig):
    """Problems: causes of incidents, known errors, trends."""

    name = "problems"
    verbose_name = _("Problems")

    def ready(self) -> None:
        """Listen to what happens to incidents; offer known errors while a call is taken."""
        from problems import intake, leaving, prefills, receivers  # noqa: F401 - connects receivers, adds to hints and prefills
