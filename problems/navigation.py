"""Where known errors and trends stand in the sidebar."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from itsm.navigation import Entry, Section


def reads_internal(user: User) -> bool:
    """Staff who read internal notes of every customer."""
    return user.may(Permission.VIEW) and user.may(Permission.INTERNAL)


NAVIGATION = [
    Entry(
        section=Section.WORK,
        label=_("Known errors"),
        url="problems:known_errors",
        icon="book",
        allow=reads_internal,
        position=60,
    ),
    Entry(
        section=Section.RUNNING,
        label=_("Trends"),
        url="problems:trends",
        icon="trending-up",
        allow=reads_internal,
        position=30,
    ),
    Entry(
        section=Section.RUNNING,
        label=_("Register of problems"),
        url="problems:register_table",
        icon="table",
        allow=reads_internal,
        position=35,
    ),
    Entry(
        section=Section.RUNNING,
        label=_("Incident meeting"),
        url="problems:incident_meeting",
        icon="users-group",
        allow=reads_internal,
        position=33,
    ),
]
