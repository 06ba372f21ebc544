"""Administration of the catalogue of standard changes: each save is a new version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.administration.base import PortalAdmin, RecordOnly
from changes.assessing import admin as assessing  # noqa: F401 - registers its pages
from changes.catalogue.editing import StepsFormSet
from changes.catalogue.templates import publish
from changes.freezing.versions import record
from changes.models import (
    ChangeTemplate,
    FreezeRule,
    MaintenanceVersion,
    MaintenanceWindow,
    TemplateStep,
    TemplateVersion,
)
from tickets import clock


class StepsInline(admin.StackedInline):
    """The steps of a template, which become those of the run sheet."""

    model = TemplateStep
    formset = StepsFormSet
    extra = 0


@admin.register(ChangeTemplate)
class ChangeTemplateAdmin(PortalAdmin):
    """Standard changes; open ones keep the version that they were ordered with."""

    list_display = ("code", "name_zh", "name_en", "group", "minutes", "approved", "newest", "active")
    list_filter = ("active", "approved")
    search_fields = ("code", "name_zh", "name_en", "summary_zh", "summary_en")
    autocomplete_fields = ("group",)
    inlines = (StepsInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChangeTemplate]:
        """With the number of the newest version, counted in the same query."""
        return super().get_queryset(request).annotate(newest_number=Max("versions__number"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is chosen once; the pre-approval is given on *Standard changes*, by who did not write it."""
        return ("code", "approved") if obj else ("approved",)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Publish what was saved, with its steps, as the next version."""
        super().save_related(request, form, formsets, change)
        publish(template=form.instance, by=request.user, now=clock.now())  # type: ignore[arg-type]  # signed in

    @admin.display(description=_("version"))
    def newest(self, template: ChangeTemplate) -> str:
        """The number of the newest version."""
        number = template.newest_number  # type: ignore[attr-defined]  # annotated
        return f"v{number}" if number else "—"


@admin.register(FreezeRule)
class FreezeRuleAdmin(RecordOnly, PortalAdmin):
    """Freeze windows, to read: change managers edit them in the portal, where the year is previewed."""

    list_display = ("code", "name_zh", "name_en", "kind", "active")
    list_filter = ("active", "kind")
    search_fields = ("code", "name_zh", "name_en")


class MaintenanceForm(forms.ModelForm):
    """A maintenance window, and why it is saved."""

    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(PortalAdmin):
    """When business systems may be worked on; each save is a version."""

    form = MaintenanceForm
    list_display = ("business_system", "weekday", "begins_at", "minutes", "zone", "active")
    list_filter = ("active", "weekday")
    list_select_related = ("business_system",)
    search_fields = ("business_system__code", "business_system__name_zh", "business_system__name_en")
    autocomplete_fields = ("business_system",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep what was saved as the next version."""
        super().save_model(request, obj, form, change)
        reason = form.cleaned_data.get("reason", "")
        record(obj, by=request.user, reason=reason, now=clock.now())  # type: ignore[arg-type]  # signed in

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was known stays; one that holds no more is switched off."""
        return False


@admin.register(MaintenanceVersion)
class MaintenanceVersionAdmin(RecordOnly, PortalAdmin):
    """What each maintenance window said, since when and why. To read only."""

    list_display = ("rule", "number", "reason", "made_by", "made_at")
    list_select_related = ("rule__business_system", "made_by")


@admin.register(TemplateVersion)
class TemplateVersionAdmin(RecordOnly, PortalAdmin):
    """What each template said, and since when. To read only."""

    list_display = ("template", "number", "made_by", "made_at")
    list_filter = ("template",)
    list_select_related = ("template", "made_by")
