"""Administration of business systems and configuration items (ORG-04)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin_base import CodeTableAdmin, PortalAdmin
from cmdb.models import BusinessSystem, ConfigurationItem


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
        "position",
        "active",
    )
    list_filter = ("active", "system_class", "default_group")
    list_select_related = ("system_class", "primary_engineer", "deputy_engineer", "default_group")
    autocomplete_fields = ("primary_engineer", "deputy_engineer", "default_group")


@admin.register(ConfigurationItem)
class ConfigurationItemAdmin(PortalAdmin):
    """Configuration items. The identifier stays for the whole life of an item (CMDB-01)."""

    list_display = ("identifier", "name", "ci_class", "status", "business_system", "organisation")
    list_filter = ("ci_class", "status", ("organisation", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("ci_class", "status", "business_system", "organisation")
    search_fields = ("identifier", "name")
    autocomplete_fields = ("business_system", "organisation", "default_group")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The identifier is chosen once."""
        return ("identifier",) if obj else ()
