from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People, organisations, support groups, roles and API tokens."""

    name = "accounts"
    verbose_name = _("People and organisations")

    def ready(self) -> None:
        """Connect the receivers."""
        from accounts import offices, receivers  # noqa: F401 - need the models, which are loaded by now
