"""The record of exports in the administration: read-only, searchable (SEC-03)."""

from __future__ import annotations

from django.contrib import admin

from accounts.administration.base import PortalAdmin, RecordOnly
from exporting.models import Export


@admin.register(Export)
class ExportAdmin(RecordOnly, PortalAdmin):
    """Who took which rows out of the portal, when."""

    list_display = ("created_at", "user", "source", "query", "format", "status", "rows_done", "downloaded_at")
    list_filter = ("source", "format", "status", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__full_name", "query")
    exclude = ("worker", "file")
