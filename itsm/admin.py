"""The administration as a whole: its name, what it shows, and the log of changes (ADM-01)."""

from __future__ import annotations

import json
from typing import Any

# Imported so that they are registered before the pages that are of no use here are taken out.
import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import ForeignObjectRel
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.administration.base import RecordOnly, register_code_tables

admin.site.site_title = admin.site.site_header = _("Service management: administration")
admin.site.index_title = _("Administration")

for useless in (Group, EmailAddress, Authenticator):
    admin.site.unregister(useless)
register_code_tables()


@admin.register(Authenticator)
class AuthenticatorAdmin(admin.ModelAdmin):
    """Second factors. One that is lost is deleted, and the person sets up another. Its secret is not shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    search_fields = ("user__username", "user__full_name", "user__full_name_en")
    fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People set them up for themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """See ``has_add_permission``."""
        return False


@admin.register(LogEntry)
class LogEntryAdmin(RecordOnly, admin.ModelAdmin):
    """Who changed what in the administration, with old and new values. To read only."""

    list_display = ("action_time", "user", "kind", "what", "details")
    list_display_links = None
    list_select_related = ("user", "content_type")
    list_filter = ("action_flag", ("content_type", admin.RelatedOnlyFieldListFilter))
    date_hierarchy = "action_time"
    search_fields = ("user__username", "user__full_name", "user__full_name_en", "object_repr", "object_id")
    show_full_result_count = False

    @admin.display(description=_("kind"), ordering="action_flag")
    def kind(self, entry: LogEntry) -> str:
        """Added, changed or deleted."""
        return entry.get_action_flag_display()

    @admin.display(description=_("object"), ordering="object_repr")
    def what(self, entry: LogEntry) -> str:
        """What was changed: sort and name."""
        model = entry.content_type.model_class() if entry.content_type else None
        return f"{capfirst(model._meta.verbose_name)}: {entry.object_repr}" if model else entry.object_repr

    @admin.display(description=_("changes"))
    def details(self, entry: LogEntry) -> str:
        """Each changed field with its old and new value; Django's own words for the rest."""
        lines = [(line,) for part in _parts(entry) for line in _lines(entry, part)]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", lines)) if lines else ""


def _lines(entry: LogEntry, part: dict[str, Any]) -> list[str]:
    """What one part of a logged message says: Django's words where something was added or removed, then the values."""
    [said] = part.values()
    values = said.get("values") if isinstance(said, dict) else None
    own = isinstance(said, dict) and "name" not in said
    words = [] if own and values else [LogEntry(change_message=json.dumps([part])).get_change_message()]
    if not values:
        return words
    model = entry.content_type.model_class() if entry.content_type else None
    about = f"{said['object']} · " if not own else ""
    return [
        *words,
        *(f"{about}{_label(model, name)}: {old or '—'} → {new or '—'}" for name, (old, new) in values.items()),
    ]


def _parts(entry: LogEntry) -> list[dict[str, Any]]:
    try:
        parts = json.loads(entry.change_message)
    except ValueError:
        return []
    return parts if isinstance(parts, list) else []


def _label(model: type[models.Model] | None, name: str) -> str:
    """What people call the column ``name``."""
    try:
        field: Any = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        field = None
    if isinstance(field, ForeignObjectRel):
        return str(capfirst(field.related_model._meta.verbose_name_plural))
    return str(capfirst(getattr(field, "verbose_name", name)))
