"""Where clocks and their rules stand in the sidebar."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission, may_read_what_governs
from itsm.navigation import Entry, Section


def _watches(user: User) -> bool:
    """Those who see every ticket, with what is internal about it."""
    return user.may(Permission.VIEW) and user.may(Permission.INTERNAL)


NAVIGATION = [
    Entry(
        section=Section.RUNNING,
        label=_("Escalations"),
        url="sla:board",
        icon="urgent",
        allow=_watches,
        position=70,
    ),
    Entry(
        section=Section.ADMINISTRATION,
        label=_("Policies"),
        url="sla:policies",
        icon="certificate",
        allow=may_read_what_governs,
        position=10,
    ),
    Entry(
        section=Section.ADMINISTRATION,
        label=_("Calendars"),
        url="sla:calendars",
        icon="calendar-cog",
        allow=may_read_what_governs,
        position=20,
    ),
]
