from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    """Steps of records: who may take which, from which state, and the log that keeps them."""

    name = "records"
    verbose_name = _("Records")

    def ready(self) -> None:
        """Check what families declare."""
        from records import checks  # noqa: F401 - registers the check
