from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    """Decisions of content, by the right person, once."""

    name = "approvals"
    verbose_name = _("Approvals")

    def ready(self) -> None:
        """Name the lines of the timeline, listen to edits, count what waits for a person."""
        from approvals import events, following, leaving, notices, receivers, shell  # noqa: F401 - each makes itself known
