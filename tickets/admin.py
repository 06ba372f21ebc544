"""Administration of the code tables of tickets. Tickets and timelines have no page here: one door (style.md)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.administration.base import CodeTableAdmin, PortalAdmin
from tickets.models import Category, CloseCode, ImpactLevel, Nature, Priority, RejectReason, Source, Urgency

LEVELS = 3


@admin.register(Priority)
class PriorityAdmin(CodeTableAdmin):
    """Priorities with their limits. Tickets follow a changed limit at their next step."""

    list_display = ("code", "name_zh", "name_en", "rank", "response_minutes", "resolve_minutes", "position", "active")
    list_editable = ("response_minutes", "resolve_minutes", "position", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Tickets keep a copy of the rank, by which queues are sorted."""
        return (*super().get_readonly_fields(request, obj), *(("rank",) if obj else ()))


@admin.register(ImpactLevel)
class ImpactLevelAdmin(CodeTableAdmin):
    """Impact levels with the criteria that are shown while choosing."""

    list_display = ("code", "name_zh", "name_en", "priority", "reach_zh", "position", "active")
    list_select_related = ("priority",)


@admin.register(Urgency)
class UrgencyAdmin(CodeTableAdmin):
    """Urgencies."""

    list_display = ("code", "name_zh", "name_en", "shift", "position", "active")
    known_codes = frozenset({"normal"})


@admin.register(CloseCode)
class CloseCodeAdmin(CodeTableAdmin):
    """Close codes and the line of support that each belongs to."""

    list_display = ("code", "name_zh", "name_en", "tier", "on_resolve", "position", "active")
    known_codes = frozenset({"rejected", "unresolved"})


@admin.register(Source)
class SourceAdmin(CodeTableAdmin):
    """Sources of tickets."""

    known_codes = frozenset({"api", "phone", "portal"})


@admin.register(Nature)
class NatureAdmin(CodeTableAdmin):
    """Natures of tickets."""

    known_codes = frozenset({"incident"})


@admin.register(RejectReason)
class RejectReasonAdmin(CodeTableAdmin):
    """Reasons for rejecting."""

    known_codes = frozenset({"withdrawn"})


class CategoryForm(forms.ModelForm):
    """A category with its place in the tree."""

    class Meta:
        model = Category
        fields = ("code", "name_zh", "name_en", "parent", "default_group", "position", "active")

    def clean_parent(self) -> Category | None:
        """Three levels, and nobody is their own grandfather."""
        parent: Category | None = self.cleaned_data["parent"]
        above = 0
        node = parent
        while node is not None:
            if node.pk == self.instance.pk:
                raise ValidationError(_("A category cannot be below itself."))
            above, node = above + 1, node.parent
        if above + _height(self.instance) > LEVELS:
            raise ValidationError(_("Categories have three levels at most."))
        return parent


def _height(category: Category) -> int:
    """How many levels ``category`` and what is below it take."""
    below = list(category.children.all()) if category.pk else []
    return 1 + max((_height(child) for child in below), default=0)


@admin.register(Category)
class CategoryAdmin(PortalAdmin):
    """The tree of categories and the group that takes each by default (ORG-02)."""

    form = CategoryForm
    list_display = ("code", "path", "default_group", "position", "active")
    list_editable = ("position", "active")
    list_filter = ("active", "default_group")
    list_select_related = ("default_group",)
    list_per_page = 200
    search_fields = ("code", "path_zh", "path_en")
    autocomplete_fields = ("parent", "default_group")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is chosen once."""
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        """Store the whole path with the category and with everything below it."""
        _save_with_paths(obj)

    @admin.display(description=_("Category"))
    def path(self, category: Category) -> str:
        """The names from the top down."""
        return category.path


def _save_with_paths(category: Category) -> None:
    category.set_path()
    category.save()
    for child in category.children.all():
        child.parent = category
        _save_with_paths(child)
