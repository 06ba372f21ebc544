"""Where announcements stand in the sidebar."""

from django.utils.translation import gettext_lazy as _

from itsm.navigation import Entry, Section

NAVIGATION = [
    Entry(
        section=Section.RUNNING,
        label=_("Announcements"),
        url="announcements:list",
        icon="speakerphone",
        allow=lambda user: True,
        position=90,
    ),
]
