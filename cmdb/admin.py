"""Administration of business systems (ORG-04). Items, classes and types of relations have pages of their own."""

from __future__ import annotations

from django.contrib import admin

from accounts.administration.base import CodeTableAdmin
from cmdb.models import BusinessSystem


@admin.register(BusinessSystem)
class BusinessSystemAdmin(CodeTableAdmin):
    """Business systems with primary and deputy engineer and the group that takes their tickets."""

    list_display = (
        "code",
        "name_zh",
        "name_en",
        "system_class",
        "primary_engineer",
        "deputy_engineer",
        "default_group",
        "for_everybody",
        "position",
        "active",
    )
    list_filter = ("active", "system_class", "default_group", "for_everybody", "organisations")
    list_select_related = ("system_class", "primary_engineer", "deputy_engineer", "default_group")
    autocomplete_fields = ("primary_engineer", "deputy_engineer", "default_group", "organisations")
