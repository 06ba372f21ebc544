"""Administration of what every emergency procedure begins with. Incidents have no page here: one door (style.md)."""

from __future__ import annotations

from django.contrib import admin

from accounts.administration.base import CodeTableAdmin
from incidents.models import EmergencyTask


@admin.register(EmergencyTask)
class EmergencyTaskAdmin(CodeTableAdmin):
    """The first tasks of an emergency. Running procedures keep theirs."""

    list_display = ("code", "name_zh", "name_en", "who", "position", "active")
