from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChangesConfig(AppConfig):
    """Changes: planned, approved, implemented, reviewed."""

    name = "changes"
    verbose_name = _("Changes")

    def ready(self) -> None:
        """Say what approvals of changes are about, name lines of the timeline, fill forms in from addresses."""
        from changes import approving, events, leaving, notices  # noqa: F401 - each makes itself known
        from changes.assessing import effect  # noqa: F401 - the same
        from changes.cab import notices as of_meetings  # noqa: F401 - the same
        from changes.catalogue import steps  # noqa: F401 - before collisions are looked for with the new persons
        from changes.collision import regrading  # noqa: F401 - the same
        from changes.figures import columns, measures  # need the models, which are loaded by now
        from changes.informing import receivers  # noqa: F401 - the same
        from changes.origins import prefills  # noqa: F401 - the same
        from changes.recurring import notices as of_dates  # noqa: F401 - the same
        from changes.unauthorised.board import counted  # needs the models, which are loaded by now
        from changes.unauthorised.permit import permit  # needs the models, which are loaded by now
        from cmdb.merging.references import register_reference  # as above
        from cmdb.services import register_permit  # as above
        from tickets.figures.others import register_others  # as above

        for end in ("item", "other"):
            register_reference(f"changes.PreparedEdit.{end}", text=lambda row: f"{row.change.number} {row.sentence}")
        register_reference("changes.Recurrence_items.configurationitem", text=lambda row: row.recurrence.title)
        register_permit(permit)
        measures.register()
        register_others("change", counted)
        columns.register()
