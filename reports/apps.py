from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """Boards and reports: figures that open the records behind them."""

    name = "reports"
    verbose_name = _("Boards and reports")

    def ready(self) -> None:
        """Bring the figures that need promised times, notices and what people recorded."""
        from reports import effort, promises, staffing, working_time  # needs models
        from reports.monthly import reports as service_reports  # noqa: F401 - needs models; tells of reports
        from reports.schedules import sending  # noqa: F401 - needs models; tells of scheduled reports
        from reports.targets import services as targets  # noqa: F401 - tells of targets
        from tickets.views.actions import LISTS_WITH_FORMS  # needs models

        LISTS_WITH_FORMS.add("reports:live")
        working_time.register()
        effort.register()
        staffing.register()
        promises.register()
