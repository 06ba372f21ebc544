"""Where boards stand in the sidebar."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from itsm.navigation import Entry, Section


def _watches(user: User) -> bool:
    """Those who see every ticket, with what is internal about it."""
    return user.may(Permission.VIEW) and user.may(Permission.INTERNAL)


NAVIGATION = [
    Entry(
        section=Section.RUNNING,
        label=_("Live board"),
        url="reports:live",
        icon="activity",
        allow=_watches,
        position=55,
    ),
    Entry(
        section=Section.RUNNING,
        label=_("Boards"),
        url="reports:boards",
        icon="chart-bar",
        allow=_watches,
        position=60,
    ),
    Entry(
        section=Section.RUNNING,
        label=_("Service reports"),
        url="reports:service_reports",
        icon="report",
        allow=_watches,
        position=65,
    ),
]
