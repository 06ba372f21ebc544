from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnnouncementsConfig(AppConfig):
    """Interruptions and news, told to those whom they affect."""

    name = "announcements"
    verbose_name = _("Announcements")

    def ready(self) -> None:
        """Listen to changes that tell those affected."""
        from announcements import of_changes  # noqa: F401 - connects its receiver
