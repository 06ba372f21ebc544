from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProblemsConfig(AppConfig):
    """The code tables of problems."""

    name = "problems"
    verbose_name = _("Problems")
