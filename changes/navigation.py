"""Where standard changes stand in the sidebar."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from changes.cab.rules import may_sit
from changes.monthly.services import may_read
from itsm.navigation import Entry, Section

NAVIGATION = [
    Entry(
        section=Section.WORK,
        label=_("Planned work"),
        url="changes:planned_work",
        icon="calendar-month",
        allow=lambda user: not user.is_agent,
        in_portal=True,
    ),
    Entry(
        section=Section.WORK,
        label=_("Standard changes"),
        url="changes:catalogue",
        icon="bolt",
        allow=lambda user: user.may(Permission.REGISTER) and user.may(Permission.INTERNAL),
        position=80,
    ),
    Entry(
        section=Section.WORK,
        label=_("Change calendar"),
        url="changes:calendar",
        icon="calendar-month",
        allow=lambda user: user.is_agent,
        position=81,
    ),
    Entry(
        section=Section.ASSETS,
        label=_("Unauthorised changes"),
        url="changes:unauthorised",
        icon="shield-x",
        allow=lambda user: user.may(Permission.CMDB_VIEW),
        position=20,
    ),
    Entry(
        section=Section.ASSETS,
        label=_("Register of configuration changes"),
        url="changes:register",
        icon="table",
        allow=lambda user: user.may(Permission.CMDB_VIEW),
        position=21,
    ),
    Entry(
        section=Section.RUNNING,
        label=_("Monthly report of changes"),
        url="changes:report",
        icon="report-analytics",
        allow=may_read,
        position=36,
    ),
    Entry(
        section=Section.WORK,
        label=_("Change advisory board"),
        url="changes:cab",
        icon="users-group",
        allow=may_sit,
        position=82,
    ),
]
