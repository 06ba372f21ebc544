"""Administration of rosters: as they are stored; leads keep them on their own pages."""

from __future__ import annotations

from django.contrib import admin

from accounts.administration.base import PortalAdmin
from duty.models import Absence, Override, Roster, RosterMember


class PlaceInline(admin.TabularInline):
    """Members in their order."""

    model = RosterMember
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Roster)
class RosterAdmin(PortalAdmin):
    """Turns of a group."""

    list_display = ("group", "period", "starts_on", "handover", "time_zone", "management")
    list_select_related = ("group",)
    autocomplete_fields = ("group",)
    inlines = (PlaceInline,)


@admin.register(Override, Absence)
class SpanAdmin(PortalAdmin):
    """Stand-ins and absences; made on the roster's page, where it is noted by whom."""

    list_display = ("user", "starts_at", "ends_at", "note", "made_by")
    list_select_related = ("user", "made_by")

    def has_add_permission(self, request: object) -> bool:
        """On the roster's page."""
        return False
