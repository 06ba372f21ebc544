from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    """The core that every kind of ticket shares. Knows no kind."""

    name = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        """Register checks and receivers; write declared transitions into the database after migrations."""
        from cmdb.merging.references import register_reference  # needs the models, which are loaded by now
        from cmdb.network.drawing import register_marks  # as below
        from cmdb.pages import register_beside, register_tickets  # as below
        from cmdb.uses import register_evidence  # as below
        from tickets import checks, receivers  # noqa: F401 - registers system checks, connects receivers
        from tickets.database.declared import write_declared_states  # needs the models, which are loaded by now
        from tickets.database.guarding import guard_against_emptying  # the same
        from tickets.shared.items import marks_of, pages_of_tickets, tickets_of  # as above
        from tickets.shared.uses import tickets_of as tickets_of_organisation  # as above

        register_reference("tickets.AffectedItem.item", text=lambda row: row.ticket.number)
        register_beside(tickets_of)
        register_marks(marks_of)
        register_tickets(pages_of_tickets)
        register_evidence(tickets_of_organisation)
        post_migrate.connect(write_declared_states, sender=self)
        post_migrate.connect(guard_against_emptying, sender=self)
