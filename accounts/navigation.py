"""Where the administration of people and lists stands in the sidebar."""

from django.utils.translation import gettext_lazy as _

from itsm.navigation import Entry, Section

NAVIGATION = [
    Entry(
        section=Section.ADMINISTRATION,
        label=_("Administration"),
        url="admin:index",
        icon="settings",
        allow=lambda user: user.is_staff,
        position=90,
    ),
]
