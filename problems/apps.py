from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProblemsConfig(AppConfig):
    """Problems: causes of incidents, known errors, trends."""

    name = "problems"
    verbose_name = _("Problems")

    def ready(self) -> None:
        """Listen to what happens to incidents; offer known errors while a call is taken; bring figures."""
        from cmdb.merging.references import register_reference  # needs the models, which are loaded by now
        from problems import leaving, notices, prefills, receivers  # noqa: F401 - each makes itself known
        from problems.figures import columns, measures  # need the models, which are loaded by now
        from problems.known_errors import intake  # noqa: F401 - the same

        register_reference("problems.KnownError_items.configurationitem", text=lambda row: row.knownerror.title)
        measures.register()
        columns.register()
