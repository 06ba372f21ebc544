"""Where notices stand in the sidebar."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
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
        allow=lambda user: user.is_staff,
        position=30,
    ),
]
