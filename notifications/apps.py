from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """Telling people what happened, by every channel, without loss and without doubles."""

    name = "notifications"
    verbose_name = _("Notices")

    def ready(self) -> None:
        """Listen to what happens to tickets."""
        from notifications import checks, receivers  # noqa: F401 - they add notices and checks, and connect receivers
        from notifications.telling import (  # noqa: F401 - they add notices and checks, and connect receivers
            accounts,
            items,
            months,
            rosters,
        )
