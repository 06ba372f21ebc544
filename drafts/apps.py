from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DraftsConfig(AppConfig):
    """What people typed and did not send yet. Knows neither tickets nor their forms."""

    name = "drafts"
    verbose_name = _("Drafts")
