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
]
