from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChangesConfig(AppConfig):
    """The code tables of changes."""

    name = "changes"
    verbose_name = _("Changes")
