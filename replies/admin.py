"""Administration of canned replies and templates (ADM-01)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from accounts.administration.base import PortalAdmin
from replies.models import CannedReply, TicketTemplate


class SharedAdmin(PortalAdmin):
    """Whose, and whether it is offered."""

    list_display: Any = ("code", "name_zh", "name_en", "owner", "team", "active")
    list_filter = ("active", ("team", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("owner", "team")
    search_fields = ("code", "name_zh", "name_en")
    autocomplete_fields = ("owner", "team")


@admin.register(CannedReply)
class CannedReplyAdmin(SharedAdmin):
    """Texts with variables. Their own pages check the variables and show a preview."""

    list_display = (*SharedAdmin.list_display, "used_count")


@admin.register(TicketTemplate)
class TicketTemplateAdmin(SharedAdmin):
    """What new tickets start with."""
