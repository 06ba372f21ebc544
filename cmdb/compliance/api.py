"""Rules of the record in the API: how far it keeps to them, now, at a moment and over time; stating them (CMDB-07)."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from cmdb.api.shapes import MOMENT_PARAMETERS, TAG, ItemView, moment_of
from cmdb.authority import may_correct
from cmdb.compliance.forms import RuleForm
from cmdb.compliance.services import Kept, keep_rule, kept
from cmdb.models import ComplianceRule
from itsm.api.form_input import checked, unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, READ_ERRORS, Operation
from itsm.api.schema import list_serializer

ONE = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
_PROPERTIES: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 120},
    "ci_class": {"type": "string", "maxLength": 40, "description": "Empty: every class."},
    "demand": {"type": "string", "enum": ComplianceRule.Demand.values},
    "query": {"type": "integer", "minimum": 1, "description": "Number of a saved query; what it asks now is kept."},
    "why": {"type": "string", "maxLength": 300},
    "active": {"type": "boolean"},
}
_CREATE = {"type": "object", "properties": _PROPERTIES, "required": ["name", "demand", "query"]}
_CHANGE = {"type": "object", "properties": _PROPERTIES, "additionalProperties": False}


class ComplianceShareSerializer(serializers.Serializer):
    """How far a rule was kept to at the end of a day."""

    on = serializers.DateField()
    of = serializers.IntegerField()
    broken = serializers.IntegerField()


class ComplianceRuleSerializer(serializers.Serializer):
    """A rule with how far the record keeps to it; its items by `items/?breaks=`."""

    id = serializers.IntegerField(source="rule.pk")
    name = serializers.CharField(source="rule.name")
    ci_class = serializers.CharField(source="rule.ci_class_id", allow_null=True)
    demand = serializers.CharField(
        source="rule.demand", help_text="all: every item is one of these; none: no item is."
    )
    params = serializers.CharField(source="rule.params", help_text="The query, as the address of the list says it.")
    why = serializers.CharField(source="rule.why")
    active = serializers.BooleanField(source="rule.active")
    of = serializers.IntegerField(help_text="Items that it concerns.")
    broken = serializers.IntegerField(help_text="Items that break it.")
    error = serializers.CharField(help_text="Why its query cannot be asked any more; empty: it can.")
    shares = ComplianceShareSerializer(source="rule.shares", many=True, help_text="Day by day.")


class _RulesBase(ItemView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse others before anything is read."""
        super().initial(request, *args, **kwargs)
        writes = request.method not in ("GET", "HEAD", "OPTIONS")
        if not self.user.may(Permission.CMDB_VIEW) or (writes and not may_correct(self.user)):
            raise PermissionDenied

    def told(self, found: Kept, status: int = 200) -> Response:
        """A rule as data."""
        return Response(ComplianceRuleSerializer(found).data, status=status)

    def keep(self, request: Request, rule: ComplianceRule | None, status: int) -> Response:
        """State or change a rule. Raises ValidationError."""
        body: dict[str, Any] = dict(request.data)
        if errors := unknown(body, _PROPERTIES):
            raise ValidationError(errors)
        before = {**rule.definition(), "ci_class": rule.ci_class_id or ""} if rule else {"active": True}
        query = str(body.pop("query", ""))
        form = RuleForm({**before, **body, "query": query}, user=self.user, rule=rule)
        checked(form)
        made = keep_rule(rule=form.rule, said=form.said(), by=self.user)
        return self.told(kept(made, self.user), status)


class RulesApiView(_RulesBase):
    """The rules; POST states one."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")

    def get(self, request: Request) -> Response:
        """Each with its numbers at the moment."""
        moment = moment_of(request)
        rows = ComplianceRule.objects.select_related("ci_class").prefetch_related("shares")
        found = [kept(rule, self.user, moment) for rule in rows]
        return Response({"results": ComplianceRuleSerializer(found, many=True).data})

    def post(self, request: Request) -> Response:
        """The configuration manager's."""
        return answer_once(request, lambda: self.keep(request, None, 201))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="compliance_list",
                tag=TAG,
                summary=_("List rules of the record and how far it keeps to them"),
                response=list_serializer(ComplianceRuleSerializer),
                parameters=MOMENT_PARAMETERS,
            )
        return Operation(
            id="compliance_create",
            tag=TAG,
            summary=_("State a rule of the record"),
            request={"application/json": _CREATE | {"additionalProperties": False}},
            response=ComplianceRuleSerializer,
            status=201,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


class RuleApiView(_RulesBase):
    """One rule."""

    http_method_names: tuple[str, ...] = ("get", "patch", "head", "options")

    def get(self, request: Request, pk: int) -> Response:
        """With its numbers at the moment."""
        return self.told(kept(self._rule(pk), self.user, moment_of(request)))

    def patch(self, request: Request, pk: int) -> Response:
        """Change what is named."""
        return self.keep(request, self._rule(pk), 200)

    @staticmethod
    def _rule(pk: int) -> ComplianceRule:
        found = ComplianceRule.objects.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="compliance_read",
                tag=TAG,
                summary=_("Read a rule of the record"),
                response=ComplianceRuleSerializer,
                errors=(400, *READ_ERRORS),
                path=ONE,
                parameters=MOMENT_PARAMETERS,
            )
        return Operation(
            id="compliance_change",
            tag=TAG,
            summary=_("Change a rule of the record"),
            request={"application/json": _CHANGE},
            response=ComplianceRuleSerializer,
            errors=CREATE_ERRORS,
            path=ONE,
        )


routes = [
    path("items/compliance/", RulesApiView.as_view(), name="item-rules"),
    path("items/compliance/<int:pk>/", RuleApiView.as_view(), name="item-rule"),
]
