"""Freeze windows in the API: of a year, as known at a moment; the rules, and editing them with a preview."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from changes.freezing.forms import FreezeForm
from changes.freezing.queries import year_known
from changes.freezing.services import Preview, may_edit, may_read, preview, save_freeze
from changes.freezing.versions import as_content, recorded_since
from changes.models import FreezeRule
from cmdb.versioning.moments import MomentError, read_moment
from itsm.api.fields import PersonField
from itsm.api.form_input import checked, read_input
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from tickets import clock

#: Years for which freezes are previewed.
FIRST, LAST = 2000, 2100
TAG = _("Changes")
BODY: dict[str, Any] = {"type": "object", "additionalProperties": True}
CODE: dict[str, dict[str, Any]] = {"code": {"type": "string", "maxLength": 40}}
YEAR = OpenApiParameter("year", {"type": "integer", "minimum": FIRST, "maximum": LAST}, required=True)
KNOWN = OpenApiParameter(
    "known_at",
    {"type": "string", "format": "date-time"},
    description=_("A moment: what was known then; without it, now."),
)


def moment_asked(request: Request) -> datetime | None:
    """``known_at`` of the address; None now. Raises ValidationError."""
    try:
        return read_moment(request.query_params).known_at
    except MomentError as error:
        raise ValidationError({error.parameter: [str(error)]}) from error


class FreezeSerializer(serializers.Serializer):
    """A freeze window."""

    rule = serializers.CharField(source="rule.code")
    name = serializers.CharField(source="rule.name")
    holiday = serializers.DateField(allow_null=True, help_text="Its first day; null for a span.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    zone = serializers.CharField(source="rule.zone")


class YearSerializer(serializers.Serializer):
    """The freezes of a year."""

    year = serializers.IntegerField()
    complete = serializers.BooleanField(help_text="False while the year's holidays are not announced.")
    recorded_since = serializers.SerializerMethodField(help_text="What held before this moment was not recorded.")
    results = FreezeSerializer(source="freezes", many=True)

    def get_recorded_since(self, year: Any) -> str | None:
        """The moment of the first version."""
        since = recorded_since()
        return since.isoformat() if since else None


class FreezesView(ApiView):
    """Freeze windows of a year."""

    query = ("year", "known_at")

    def get(self, request: Request) -> Response:
        """Previewed for the whole year, as known now or at a moment."""
        if not may_read(self.user):
            raise PermissionDenied
        text = request.query_params.get("year", "")
        if not (text.isascii() and text.isdigit() and FIRST <= int(text[:5]) <= LAST):
            raise ValidationError({"year": [_("A year is expected, such as 2027.")]})
        return Response(YearSerializer(year_known(int(text), moment_asked(request))).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="freezes_list",
            tag=TAG,
            summary=_("Freeze windows of a year"),
            response=YearSerializer,
            errors=LIST_ERRORS,
            parameters=(YEAR, KNOWN),
        )


class FreezeVersionSerializer(serializers.Serializer):
    """What a rule said, and since when."""

    number = serializers.IntegerField()
    content = serializers.DictField()
    reason = serializers.CharField()
    made_by = PersonField(allow_null=True)
    made_at = serializers.DateTimeField()


class FreezeRuleSerializer(serializers.Serializer):
    """A rule from which freeze windows follow, with its versions, the newest first."""

    code = serializers.CharField()
    content: Any = serializers.SerializerMethodField(help_text="What it says now.")
    versions = FreezeVersionSerializer(many=True)

    def get_content(self, rule: FreezeRule) -> dict[str, Any]:
        """By the names of the fields that editing takes."""
        return as_content(rule)


class FreezePreviewSerializer(serializers.Serializer):
    """What would be, and the ``digest`` with which it is saved."""

    digest: Any = serializers.SerializerMethodField(help_text="Send it as “previewed” to save exactly this.")
    windows: Any = serializers.SerializerMethodField(help_text="Windows that come (new) or fall away (gone).")
    hits: Any = serializers.SerializerMethodField(help_text="Planned changes that would stand in a freeze.")
    freed: Any = serializers.SerializerMethodField(help_text="Planned changes that would stand in none any more.")

    def get_digest(self, found: Preview) -> str:
        """Of what was sent."""
        return self.context["digest"]

    def get_windows(self, found: Preview) -> list[dict[str, Any]]:
        """In order, without those that stay."""
        lines = [line for _year, lines in found.years for line in lines if line.mark != "same"]
        return [{"mark": line.mark, **FreezeSerializer(line.freeze).data} for line in lines]

    def get_hits(self, found: Preview) -> list[str]:
        """Numbers."""
        return [change.number for change, _freezes in found.hits]

    def get_freed(self, found: Preview) -> list[str]:
        """Numbers."""
        return [change.number for change in found.freed]


class RulesView(ApiView):
    """The rules."""

    def get(self, request: Request) -> Response:
        """All of them, also those that are switched off."""
        if not may_read(self.user):
            raise PermissionDenied
        rules = FreezeRule.objects.prefetch_related("versions__made_by")
        return Response({"results": FreezeRuleSerializer(rules, many=True).data})

    def post(self, request: Request, code: str = "") -> Response:
        """Preview, as change manager; saved once ``previewed`` names what was previewed. Left out fields stay."""
        if not may_edit(self.user):
            raise PermissionDenied
        rule = FreezeRule.objects.filter(code=code).first() if code else None
        if code and rule is None:
            raise Http404
        return answer_once(request, lambda: self._save(request, rule))

    def _save(self, request: Request, rule: FreezeRule | None) -> Response:
        data, _files = read_input(FreezeForm, request)  # type: ignore[arg-type]  # only its fields are read
        stays = as_content(rule or FreezeRule())
        form, now = FreezeForm({**stays, **data}, instance=rule), clock.now()
        reason = checked(form, data)["reason"]
        if not form.is_previewed:
            found = preview(form.instance, self.user, now)
            return Response(FreezePreviewSerializer(found, context={"digest": form.digest}).data)
        saved = save_freeze(form.instance, reason=reason, user=self.user, now=now)
        return Response(FreezeRuleSerializer(saved).data, status=200 if rule else 201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            response = list_serializer(FreezeRuleSerializer)
            return Operation(
                id="freeze_rules_list",
                tag=TAG,
                summary=_("Rules of freeze windows"),
                response=response,
                errors=LIST_ERRORS,
            )
        return self.saving("freeze_rules_add", _("Add a rule of freeze windows"))

    def saving(self, name: str, summary: Any) -> Operation:
        """How the description shows a post."""
        return Operation(
            id=name,
            tag=TAG,
            summary=summary,
            description=_("Answers with a preview; sent again with its digest as “previewed” it is saved."),
            request={"application/json": BODY},
            response=FreezePreviewSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


class RuleView(RulesView):
    """One rule."""

    http_method_names = ["post", "options"]

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        made = self.saving("freeze_rules_edit", _("Edit a rule of freeze windows"))
        return Operation(**{**vars(made), "path": CODE})


routes = [
    path("freezes/", FreezesView.as_view(), name="freezes"),
    path("freeze-rules/", RulesView.as_view(), name="freeze-rules"),
    path("freeze-rules/<slug:code>/", RuleView.as_view(), name="freeze-rule"),
]
