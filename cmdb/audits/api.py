"""Audits in the API: campaigns with their accuracy, the checks of one, noting what was found, closing (CMDB-07)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters as filters
from django.core.exceptions import ValidationError as Refused
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import TAG, Conflict
from cmdb.audits.accuracy import Share, by_class, by_field, overall
from cmdb.audits.forms import AuditForm, CheckForm, ExtraForm
from cmdb.audits.serializers import (
    CHECK_BODY,
    EXTRA_BODY,
    OPEN_BODY,
    AuditCheckDetailSerializer,
    AuditCheckSerializer,
    AuditDetailSerializer,
    AuditSerializer,
)
from cmdb.audits.services import AuditClosed, close_audit, note, open_audit, take_from_discovery
from cmdb.authority import may_correct, may_edit
from cmdb.definitions import Definitions
from cmdb.models import Audit, AuditCheck, AuditExtra
from itsm.api.form_input import checked, read_input, unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer, page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.filtering import YesNoFilter
from itsm.web.paging import Column

SHOWN = 200
NUMBER = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
ONE = {"pk": NUMBER}
SEEN = "v."


class AuditBaseView(ApiView):
    """For those who see items of every customer, as the pages."""

    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse others before anything is read."""
        super().initial(request, *args, **kwargs)
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied

    def audit(self, pk: int) -> Audit:
        """The audit with its counts. Raises Http404."""
        found = audits().filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def check_of(self, pk: int, check: int) -> AuditCheck:
        """A check of the audit. Raises Http404."""
        rows = AuditCheck.objects.select_related("audit", "item__ci_class", "by")
        found = rows.filter(audit=self.audit(pk), pk=check).first()
        if found is None:
            raise Http404
        return found

    def allow(self, allowed: bool) -> None:
        """Raise PermissionDenied unless ``allowed``."""
        if not allowed:
            raise PermissionDenied

    def once(self, request: Request, step: Callable[[], Response]) -> Response:
        """Answer a repeated request as the first time; what is closed already is a conflict."""
        try:
            return answer_once(request, step)
        except AuditClosed as error:
            raise Conflict(str(error)) from error

    def detail(self, pk: int, status: int = 200) -> Response:
        """The audit as data, as it is now."""
        return Response(AuditDetailSerializer(detail_of(self.audit(pk))).data, status=status)


def audits() -> QuerySet[Any]:
    """Audits with how many items they check, how many were checked, how many of them were as recorded."""
    return Audit.objects.select_related("opened_by").annotate(
        to_check=Count("checks"),
        checked=Count("checks", filter=~Q(checks__result="")),
        right=Count("checks", filter=Q(checks__result=AuditCheck.Result.RIGHT)),
    )


def detail_of(audit: Any) -> Any:
    """The audit with its accuracy by class and by field, and what is not recorded."""
    rows, known = list(audit.checks.select_related("item")), Definitions()
    audit.overall = overall(rows)
    audit.by_class = by_class(rows, {code: code for code in known.classes})
    audit.by_field = by_field(rows, str)
    return audit


class AuditsApiView(AuditBaseView):
    """The audits, the latest first; POST opens one."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")

    def get(self, request: Request) -> Response:
        """At most 200, each with its accuracy."""
        rows = list(audits()[:SHOWN])
        for row in rows:
            row.overall = Share(row.right, row.checked)
        return Response({"results": AuditSerializer(rows, many=True).data})

    def post(self, request: Request) -> Response:
        """Open one; the configuration manager's."""
        self.allow(may_correct(self.user))
        return self.once(request, lambda: self._open(request))

    def _open(self, request: Request) -> Response:
        sent: dict[str, Any] = dict(request.data)
        body = {name: str(value) if name == "query" else value for name, value in sent.items()}
        errors = unknown(body, OPEN_BODY["properties"])
        if errors:
            raise ValidationError(errors)
        form = AuditForm(body, user=self.user)
        said = checked(form)
        try:
            made = open_audit(
                name=said["name"], params=form.params(), sample=said["sample"], seed=form.seed_or_new(), by=self.user
            )
        except Refused as error:
            raise ValidationError(error.message_dict) from error
        return self.detail(made.pk, 201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="audits_list", tag=TAG, summary=_("List audits of items"), response=list_serializer(AuditSerializer)
            )
        return Operation(
            id="audits_open",
            tag=TAG,
            summary=_("Open an audit of items"),
            description=_("Of a class, a room, a saved query; of all items or of a sample drawn by a seed."),
            request={"application/json": OPEN_BODY},
            response=AuditDetailSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


class AuditApiView(AuditBaseView):
    """One audit."""

    def get(self, request: Request, pk: int) -> Response:
        """With its accuracy in all, by class and by field, and what stood there unrecorded."""
        return self.detail(pk)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="audits_read",
            tag=TAG,
            summary=_("Read an audit of items with its accuracy"),
            response=AuditDetailSerializer,
            path=ONE,
        )


class CheckFilter(filters.FilterSet):
    """Checks by what was found."""

    open = YesNoFilter(Q(result=""), label=gettext_lazy("Not checked yet"))
    result = filters.ChoiceFilter(choices=AuditCheck.Result.choices, label=gettext_lazy("Result"))


class ChecksApiView(AuditBaseView, ListView):
    """The items of an audit, with what was found."""

    filters = CheckFilter
    sorts: ClassVar[Any] = {"id": (Column("pk"),)}
    default_order = "id"
    serializer = AuditCheckSerializer

    def rows(self, request: Request) -> QuerySet[AuditCheck]:
        """All of the audit."""
        audit = self.audit(self.kwargs["pk"])
        return AuditCheck.objects.filter(audit=audit).select_related("item__ci_class", "by")

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="audit_checks_list",
            tag=TAG,
            summary=_("List the checks of an audit"),
            response=page_serializer(AuditCheckSerializer),
            errors=LIST_ERRORS,
            path=ONE,
        )


class CheckApiView(AuditBaseView):
    """One item of an audit; POST notes what was found."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")

    def get(self, request: Request, pk: int, check: int) -> Response:
        """What is recorded, what was found."""
        return Response(AuditCheckDetailSerializer(self.check_of(pk, check)).data)

    def post(self, request: Request, pk: int, check: int) -> Response:
        """Note it; what differs waits for a decision."""
        self.allow(may_edit(self.user))
        row = self.check_of(pk, check)
        return self.once(request, lambda: self._note(request, row))

    def _note(self, request: Request, row: AuditCheck) -> Response:
        body: dict[str, Any] = dict(request.data)
        errors = unknown(body, CHECK_BODY["properties"])
        seen = body.pop("seen", None) or {}
        if not isinstance(seen, dict) or not all(isinstance(value, str) for value in seen.values()):
            raise ValidationError({"seen": [_("Texts by field are expected.")]})
        offered = CheckForm(check=row).recorded
        errors |= unknown(seen, offered)
        if errors:
            raise ValidationError(errors)
        form = CheckForm({**body, **{f"{SEEN}{name}": value for name, value in seen.items()}}, check=row)
        if not form.is_valid():
            said = {name.removeprefix(SEEN): list(map(str, texts)) for name, texts in form.errors.items()}
            raise ValidationError(said)
        found = form.cleaned_data
        note(check=row, result=found["result"], seen=found["seen"], text=found["note"], by=self.user)
        return Response(AuditCheckDetailSerializer(self.check_of(row.audit_id, row.pk)).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        path = {**ONE, "check": NUMBER}
        if method == "get":
            return Operation(
                id="audit_checks_read",
                tag=TAG,
                summary=_("Read a check of an audit"),
                response=AuditCheckDetailSerializer,
                path=path,
            )
        return Operation(
            id="audit_checks_note",
            tag=TAG,
            summary=_("Note what was found of an item"),
            request={"application/json": CHECK_BODY},
            response=AuditCheckDetailSerializer,
            errors=CREATE_ERRORS,
            path=path,
            parameters=(IDEMPOTENCY_KEY,),
        )


class ExtrasApiView(AuditBaseView):
    """Things that stand there and are not recorded."""

    http_method_names: tuple[str, ...] = ("post", "options")

    def post(self, request: Request, pk: int) -> Response:
        """Note one."""
        audit = self.audit(pk)
        self.allow(may_edit(self.user))
        return self.once(request, lambda: self._add(request, audit))

    def _add(self, request: Request, audit: Audit) -> Response:
        if audit.closed_at:
            raise AuditClosed
        data, _files = read_input(ExtraForm, request)  # type: ignore[arg-type]  # a form of a model is one, too
        form = ExtraForm(data, instance=AuditExtra(audit=audit, by=self.user))
        checked(form, data)
        form.save()
        return self.detail(audit.pk, 201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="audit_extras_create",
            tag=TAG,
            summary=_("Note something that is not recorded"),
            request={"application/json": EXTRA_BODY},
            response=AuditDetailSerializer,
            status=201,
            errors=CREATE_ERRORS,
            path=ONE,
            parameters=(IDEMPOTENCY_KEY,),
        )


class CloseApiView(AuditBaseView):
    """Closes an audit."""

    http_method_names: tuple[str, ...] = ("post", "options")

    def post(self, request: Request, pk: int) -> Response:
        """Take nothing more; once closed it stays so."""
        audit = self.audit(pk)
        self.allow(may_correct(self.user))
        return self.once(request, lambda: self._close(audit))

    def _close(self, audit: Audit) -> Response:
        close_audit(audit=audit)
        return self.detail(audit.pk)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return _step_of("audits_close", _("Close an audit of items"))


class DiscoveryApiView(AuditBaseView):
    """Lets discovery answer."""

    http_method_names: tuple[str, ...] = ("post", "options")

    def post(self, request: Request, pk: int) -> Response:
        """For items that nobody checked and that a source saw since the audit was opened."""
        audit = self.audit(pk)
        self.allow(may_correct(self.user))
        return self.once(request, lambda: self._take(audit))

    def _take(self, audit: Audit) -> Response:
        take_from_discovery(audit=audit, by=self.user)
        return self.detail(audit.pk)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return _step_of("audits_discovery", _("Take over what discovery saw"))


def _step_of(name: str, summary: str) -> Operation:
    return Operation(
        id=name,
        tag=TAG,
        summary=summary,
        response=AuditDetailSerializer,
        errors=CREATE_ERRORS,
        path=ONE,
        parameters=(IDEMPOTENCY_KEY,),
    )


routes = [
    path("items/audits/", AuditsApiView.as_view(), name="item-audits"),
    path("items/audits/<int:pk>/", AuditApiView.as_view(), name="item-audit"),
    path("items/audits/<int:pk>/checks/", ChecksApiView.as_view(), name="item-audit-checks"),
    path("items/audits/<int:pk>/checks/<int:check>/", CheckApiView.as_view(), name="item-audit-check"),
    path("items/audits/<int:pk>/extras/", ExtrasApiView.as_view(), name="item-audit-extras"),
    path("items/audits/<int:pk>/close/", CloseApiView.as_view(), name="item-audit-close"),
    path("items/audits/<int:pk>/discovery/", DiscoveryApiView.as_view(), name="item-audit-discovery"),
]
