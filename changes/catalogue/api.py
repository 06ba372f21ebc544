"""The catalogue of standard changes in the API: templates with their steps, and editing them."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from changes.catalogue.editing import EDITED, TemplateForm, may_edit, save_template, steps_of
from changes.catalogue.models import STEP_TEXTS
from changes.catalogue.templates import PAIRED
from changes.models import Change, ChangeTemplate
from changes.rules import may_raise
from itsm.api.form_input import checked, read_input
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from tickets import clock

TAG = _("Changes")
BODY: dict[str, Any] = {"type": "object", "additionalProperties": True}
CODE: dict[str, dict[str, Any]] = {"code": {"type": "string", "maxLength": 40}}


class TemplateStepSerializer(serializers.Serializer):
    """A step of a template; what is done is said in one language at least."""

    minutes = serializers.IntegerField(min_value=1, max_value=32767)

    def get_fields(self) -> dict[str, Any]:
        """With each text in both languages."""
        texts = {
            f"{name}_{language}": serializers.CharField(max_length=300, required=False, allow_blank=True)
            for name in STEP_TEXTS
            for language in ("zh", "en")
        }
        return super().get_fields() | texts


class TemplateSerializer(serializers.Serializer):
    """A standard change as it stands."""

    code = serializers.CharField()
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    group = serializers.CharField(source="group.code", allow_null=True, default=None)
    minutes = serializers.IntegerField()
    needs_subject = serializers.BooleanField(help_text="Whether an order names an item or a business system.")
    approved = serializers.BooleanField()
    failures = serializers.IntegerField()
    last_uses = serializers.IntegerField()
    active = serializers.BooleanField()
    version: Any = serializers.SerializerMethodField()
    steps = TemplateStepSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        """With each text in both languages."""
        return super().get_fields() | {name: serializers.CharField() for name in PAIRED}

    def get_version(self, template: ChangeTemplate) -> int:
        """The number of the newest one; 0 before the first."""
        return max((one.number for one in template.versions.all()), default=0)


class TemplatesView(ApiView):
    """The catalogue."""

    def get(self, request: Request) -> Response:
        """All of it, also what is switched off or lost its pre-approval."""
        if not may_raise(Change(), self.user):
            raise PermissionDenied
        return Response({"results": TemplateSerializer(_rows(), many=True).data})

    def post(self, request: Request) -> Response:
        """Add one, as change manager."""
        if not may_edit(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: Response(saved(request, self.user, ChangeTemplate()), status=201))

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "post":
            return saving("change_templates_add", _("Add a standard change"), status=201)
        return Operation(
            id="change_templates_list",
            tag=TAG,
            summary=_("List standard changes"),
            response=list_serializer(TemplateSerializer),
            errors=LIST_ERRORS,
        )


def _rows() -> Any:
    return ChangeTemplate.objects.select_related("group").prefetch_related("versions", "steps")


class TemplateView(ApiView):
    """One standard change."""

    def find(self, code: str) -> ChangeTemplate:
        """It, for those who may order. Raises PermissionDenied, Http404."""
        if not may_raise(Change(), self.user):
            raise PermissionDenied
        found: ChangeTemplate | None = _rows().filter(code=code).first()
        if found is None:
            raise Http404
        return found

    def get(self, request: Request, code: str) -> Response:
        """With its steps."""
        return Response(TemplateSerializer(self.find(code)).data)

    def post(self, request: Request, code: str) -> Response:
        """Edit it, as change manager: what is sent becomes its next version; what is left out stays."""
        if not may_edit(self.user):
            raise PermissionDenied
        template = self.find(code)
        return answer_once(request, lambda: Response(saved(request, self.user, template)))

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            summary = _("Read a standard change")
            return Operation(
                id="change_templates_read", tag=TAG, summary=summary, response=TemplateSerializer, path=CODE
            )
        return saving("change_templates_edit", _("Edit a standard change"), path=CODE)


def saved(request: Request, user: User, template: ChangeTemplate) -> Any:
    """``template`` after it was saved as ``request`` says, for the answer. Raises ValidationError."""
    data, _files = read_input(TemplateForm, request)  # type: ignore[arg-type]  # only its fields are read
    rows = data.get("steps")
    typed = {name: value for name, value in data.items() if name != "steps"}
    stays = {name: getattr(template, name) for name in EDITED}
    stays["group"] = template.group.code if template.group else ""
    form = TemplateForm({**stays, **typed}, instance=template)
    checked(form, typed)
    steps = None if rows is None else _checked_steps(template, rows)
    save_template(form, steps, by=user, now=clock.now(), replaces=True)
    return TemplateSerializer(_rows().get(pk=template.pk)).data


def saving(name: str, summary: Any, **more: Any) -> Operation:
    """How the description shows a post."""
    return Operation(
        id=name,
        tag=TAG,
        summary=summary,
        description=_("Fields that are left out stay; “steps” names all of them, in order."),
        request={"application/json": BODY},
        response=TemplateSerializer,
        errors=CREATE_ERRORS,
        parameters=(IDEMPOTENCY_KEY,),
        **more,
    )


def _checked_steps(template: ChangeTemplate, rows: Any) -> Any:
    """The valid steps. Raises ValidationError for ``steps``."""
    typed = TemplateStepSerializer(data=rows, many=True)
    if not typed.is_valid():
        raise ValidationError({"steps": [_("A list of steps is expected, each with its minutes and texts.")]})
    steps = steps_of(template, typed.validated_data)
    if not steps.is_valid():
        told = [str(text) for errors in steps.errors for texts in errors.values() for text in texts]
        raise ValidationError({"steps": [*map(str, steps.non_form_errors()), *told]})
    return steps


routes = [
    path("change-templates/", TemplatesView.as_view(), name="change-templates"),
    path("change-templates/<slug:code>/", TemplateView.as_view(), name="change-template"),
]
