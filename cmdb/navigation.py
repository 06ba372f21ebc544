"""Where the configuration database stands in the sidebar."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from itsm.navigation import Entry, Section

NAVIGATION = [
    Entry(
        section=Section.ASSETS,
        label=_("Configuration items"),
        url="cmdb:list",
        icon="server",
        allow=lambda user: user.may(Permission.CMDB_VIEW),
        position=10,
    ),
]
