"""Where notices stand in the sidebar."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission, may_read_what_governs
from itsm.navigation import Entry, Section

NAVIGATION = [
    Entry(
        section=Section.RUNNING,
        label=_("Receipts"),
        url="notifications:receipts",
        icon="mail-check",
        allow=lambda user: user.may(Permission.VIEW) and user.may(Permission.INTERNAL),
        position=80,
    ),
    Entry(
        section=Section.ADMINISTRATION,
        label=_("Templates of notices"),
        url="notifications:templates",
        icon="template",
        allow=may_read_what_governs,
        position=30,
    ),
]
