from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChangesConfig(AppConfig):
    """Changes: planned, approved, implemented, reviewed."""

    name = "changes"
    verbose_name = _("Changes")

    def ready(self) -> None:
        """Say what approvals of changes are about, name lines of the timeline, fill forms in from addresses."""
        from changes import (  # noqa: F401 - each makes itself known
            approving,
            events,
            leaving,
            measures,
            prefills,
            regrading,
        )
        from changes.assessing import effect  # noqa: F401 - the same
        from changes.informing import receivers  # noqa: F401 - the same
        from changes.unauthorised.permit import permit  # needs the models, which are loaded by now
        from cmdb.services import register_permit  # as above

        register_permit(permit)
        measures.register()
