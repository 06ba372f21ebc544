"""Where duty stands in the sidebar."""

from django.utils.translation import gettext_lazy as _

from itsm.navigation import Entry, Section

NAVIGATION = [
    Entry(
        section=Section.RUNNING,
        label=_("On duty"),
        url="duty:list",
        icon="calendar-user",
        allow=lambda user: True,
        position=60,
    ),
]
