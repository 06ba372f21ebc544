"""Live updates as an app. It stands on top of tickets; nothing imports it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LiveConfig(AppConfig):
    """Presence, the trigger that wakes the live process, the process, and the page's way without it."""

    name = "live"
    verbose_name = _("Live updates")
