"""The record of exports in the administration: read-only, searchable (SEC-03)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin_base import PortalAdmin
from exporting.models import Export


@admin.register(Export)
class ExportAdmin(PortalAdmin):
    """Who took which rows out of the portal, when."""

    list_display = ("created_at", "user", "source", "query", "format", "status", "rows_done", "downloaded_at")
    list_filter = ("source", "format", "status", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__full_name", "query")
    exclude = ("worker", "file")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Exports come about by exporting."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record is not changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record is not removed."""
        return False
