"""What every page of the administration has in common: deletion, logging, code tables (ADM-01)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.postgres.fields import ArrayField
from django.core.validators import validate_slug
from django.db import models
from django.db.models import ForeignObjectRel
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.codes import CodeTable
from itsm.sealed_fields import SealedTextField


class LinesField(forms.CharField):
    """A list of texts, typed one per line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """The list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """The lines as a list, without empty ones."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether a line changed; how the browser ends lines does not matter."""
        return (initial or []) != (data or "").splitlines()


class RecordOnly:
    """Mixin for pages of what the portal records by itself: nobody adds, changes or removes a row by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It comes about elsewhere."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record is not changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """That it was stays on record."""
        return False


class PortalAdmin(admin.ModelAdmin):
    """Logs old and new values, and refuses to delete what is in use."""

    show_full_result_count = False
    list_per_page = 50
    save_on_top = True

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """No deleting of what a field merely refers to."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = False
        return field

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Django's message, with old and new values beside the names of what changed."""
        messages: Any = super().construct_change_message(request, form, formsets, add)
        forms_of_parts = iter(_forms_of_parts(formsets or []))
        for part in messages:
            [(_what, said)] = part.items()
            own = form if "name" not in said else next(forms_of_parts, None)
            if isinstance(own, forms.ModelForm):  # the form of a password is none
                said["values"] = dict(_stored_values(own.instance) if "deleted" in part else _values(own))
        return messages

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Log each deletion with the values that are gone."""
        return [
            LogEntry.objects.log_actions(
                request.user.pk,  # type: ignore[arg-type]  # administrators are signed in
                [row],
                DELETION,
                change_message=[{"deleted": {"values": dict(_stored_values(row))}}],
            )
            for row in queryset
        ]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Look only whether ``objs`` are in use: collecting a million tickets would take for ever."""
        reasons = [reason for obj in objs for reason in self.uses(obj)]
        if reasons:
            return [], {}, set(), reasons
        return super().get_deleted_objects(objs, request)

    def uses(self, obj: models.Model) -> Iterator[Any]:
        """What stands against deleting ``obj``, in sentences."""
        for relation in obj._meta.get_fields(include_hidden=True):
            if isinstance(relation, ForeignObjectRel) and _is_use(relation) and _exists(relation, obj):
                yield _("“%(object)s” is in use: %(where)s. Switch it off instead of deleting it.") % {
                    "object": obj,
                    "where": capfirst(str(relation.related_model._meta.verbose_name_plural)),
                }


def _forms_of_parts(formsets: Iterable[Any]) -> Iterator[Any]:
    """The forms of rows that were added, changed or deleted beside the object, in the order of Django's message."""
    for formset in formsets:
        changed = [row for row, _fields in formset.changed_objects]
        for row in [*formset.new_objects, *changed, *formset.deleted_objects]:
            yield next((form for form in formset.forms if form.instance is row or form.instance == row), None)


def _stored_values(row: models.Model) -> Iterator[tuple[str, tuple[str, str]]]:
    """What a row that is deleted held, column by column."""
    for field in row._meta.concrete_fields:
        value = getattr(row, field.name, None)
        if value not in (None, "") and field.name not in ("id", "password") and not _is_sealed(field):
            yield field.name, (_as_text(value), "")


def _is_sealed(column: models.Field) -> bool:
    """Whether the database must not know what the column holds; so the log must not either."""
    return isinstance(column, SealedTextField)


def _is_use(relation: ForeignObjectRel) -> bool:
    """Whether the rows of a relation must not be left behind."""
    protects = getattr(relation, "on_delete", None) in (models.PROTECT, models.RESTRICT)
    return not relation.many_to_many and (protects or bool(relation.related_model._meta.auto_created))


def _exists(relation: Any, obj: models.Model) -> bool:
    return relation.related_model._base_manager.filter(**{relation.field.name: obj}).exists()


def _values(form: forms.ModelForm) -> Iterator[tuple[str, tuple[str, str]]]:
    """Name of a changed column, and its old and new value as text; not of what opens something."""
    sealed = {column.name for column in form.instance._meta.concrete_fields if _is_sealed(column)}
    for name in [name for name in form.changed_data if name not in sealed]:
        bound, new = form[name], form.cleaned_data.get(name)
        field = form.fields[name]
        old = bound.initial
        if isinstance(field, forms.ModelChoiceField):
            old = _rows(field, old)
        yield name, (_as_text(old), _as_text(new))


def _rows(field: forms.ModelChoiceField, initial: Any) -> Any:
    """The rows that the initial value of a field names."""
    keys = initial if isinstance(initial, Iterable) and not isinstance(initial, str) else [initial]
    pks = [getattr(key, "pk", key) for key in keys if key is not None]
    return list(field.queryset.model._base_manager.filter(pk__in=pks))  # type: ignore[union-attr]


def _as_text(value: Any) -> str:
    if isinstance(value, list | tuple | set | models.QuerySet):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


class CodeTableAdmin(PortalAdmin):
    """A list of choices. Codes never change; what is in use, or known to the program, is not deleted."""

    list_display: Any = ("code", "name_zh", "name_en", "position", "active")
    list_editable: ClassVar[Any] = ("position", "active")
    list_filter: ClassVar[Any] = ("active",)
    list_per_page = 200
    search_fields: ClassVar[Any] = ("code", "name_zh", "name_en")

    #: Codes that the program itself refers to.
    known_codes: frozenset[str] = frozenset()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is chosen once."""
        return (*super().get_readonly_fields(request, obj), *(("code",) if obj else ()))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Code and names first, then what the table has of its own."""
        shared = ("code", "name_zh", "name_en", "position", "active")
        own = [field.name for field in self.model._meta.fields if field.name not in shared and field.editable]
        return ("code", "name_zh", "name_en", *own, "position", "active")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Lists are typed one per line; codes are plain words."""
        if isinstance(db_field, ArrayField):
            kwargs["required"] = not db_field.blank
            label = capfirst(db_field.verbose_name)
            return LinesField(label=label, help_text=gettext_lazy("One per line."), **kwargs)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "code" and field is not None:
            field.validators.append(validate_slug)
        return field

    def uses(self, obj: Any) -> Iterator[Any]:
        """Also in use: what the program refers to."""
        if obj.code in self.known_codes:
            yield _("“%(object)s” is needed by the program. Switch it off instead of deleting it.") % {"object": obj}
        yield from super().uses(obj)


def register_code_tables() -> None:
    """Give every code table that has no page of its own the common one."""
    from django.apps import apps  # models are not loaded when this module is

    for model in apps.get_models():
        if issubclass(model, CodeTable) and not admin.site.is_registered(model):
            admin.site.register(model, CodeTableAdmin)
