"""Administration of business systems (ORG-04) and types of relations. Items and classes have pages of their own."""

from __future__ import annotations

from django.contrib import admin

from accounts.administration.base import CodeTableAdmin
from cmdb.models import BusinessSystem, RelationType


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


@admin.register(RelationType)
class RelationTypeAdmin(CodeTableAdmin):
    """Types of relations: both names, what feels what, allowed classes, how many (CMDB-02)."""

    list_display = (
        "code",
        "name_zh",
        "name_en",
        "affects",
        "max_targets",
        "max_sources",
        "controlled",
        "position",
        "active",
    )
    list_filter = ("active", "affects")
    filter_horizontal = ("source_classes", "target_classes")
