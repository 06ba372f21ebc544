"""Service reports in the API: read as the pages show them, and their steps, with the same refusals."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Organisation
from itsm.api.fields import CodeField, PersonField
from itsm.api.form_input import checked, read_input, schema_of
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.filtering import ChoicesFilter, CodesFilter
from itsm.web.paging import Column
from reports.models import ReportEntry, ServiceReport
from reports.monthly.approving import approvers_of, may_write
from reports.monthly.contacts import language_of
from reports.monthly.files import linked
from reports.monthly.reports import visible_to
from reports.monthly.steps import STEPS, form_of, possible, take
from reports.monthly.views import TYPE_OF, sent_file, told_to
from sla.boards import may_see_board

TAG = _("Reports")
KEY: dict[str, dict[str, Any]] = {"id": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}


class ServiceReportSerializer(serializers.Serializer):
    """A service report, as lists show it."""

    id = serializers.IntegerField()
    customer = CodeField(source="organisation")
    month = serializers.SerializerMethodField(help_text="Such as 2026-11.")
    version = serializers.IntegerField(help_text="A correction is a new one.")
    state = serializers.ChoiceField(choices=ServiceReport.State.choices)
    language = serializers.CharField(help_text="In which it is written.")
    is_late = serializers.BooleanField()
    made_at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True, help_text="Why an earlier version was corrected.")
    approved_by = PersonField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)

    def get_month(self, report: ServiceReport) -> str:
        """Year and month."""
        return f"{report.month:%Y-%m}"


class ReportSectionSerializer(serializers.Serializer):
    """A table of a report, in its language."""

    title = serializers.CharField()
    head = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField(allow_blank=True)))
    links = serializers.ListField(
        child=serializers.CharField(allow_blank=True), help_text="The page that each row leads to, if any."
    )


class ReportDaysSerializer(serializers.Serializer):
    """What came and was solved on each day."""

    title = serializers.CharField()
    names = serializers.ListField(child=serializers.CharField())
    labels = serializers.ListField(child=serializers.CharField())
    values = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))


class KeptFigureSerializer(serializers.Serializer):
    """A figure as it was counted."""

    value = serializers.FloatField(allow_null=True)
    numerator = serializers.IntegerField()
    denominator = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()


class ReportEntrySerializer(serializers.Serializer):
    """A line of the history."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = PersonField(allow_null=True, help_text="Null: the portal itself.")
    what = serializers.ChoiceField(choices=ReportEntry.What.choices)
    reason = serializers.CharField(allow_blank=True)


class RecipientSerializer(serializers.Serializer):
    """Whom it goes to, or went to."""

    name = serializers.CharField()
    lost = serializers.CharField(allow_blank=True, help_text="Why this one gets no report any more.")


class WholeServiceReportSerializer(ServiceReportSerializer):
    """With all that it says; for staff also its history, and who can do what next."""

    title = serializers.CharField(source="content.title")
    period = serializers.CharField(source="content.period")
    as_of = serializers.CharField(source="content.as_of", help_text="Time of the portal's zone, as it is printed.")
    sections = ReportSectionSerializer(many=True)
    daily = ReportDaysSerializer(source="content.daily")
    values = serializers.DictField(child=KeptFigureSerializer(), source="content.values")
    improvements = serializers.CharField(allow_blank=True)
    log = ReportEntrySerializer(source="lines", many=True, required=False, help_text="Only for staff.")
    goes_to = RecipientSerializer(many=True, required=False, help_text="Only for staff.")
    customer_language = serializers.CharField(
        required=False, help_text="Only for staff. Where the report has another, counting anew needs no reason."
    )
    seen = serializers.IntegerField(
        required=False, help_text="Only for staff: the newest line of the log. Sent back with every step."
    )
    actions = serializers.ListField(
        child=serializers.ChoiceField(choices=list(STEPS)),
        required=False,
        help_text="Only for staff: what you can do now.",
    )
    approvers = serializers.ListField(
        child=PersonField(), required=False, help_text="Only for staff: who may approve the draft."
    )


class ServiceReportFilter(filters.FilterSet):
    """What service reports can be found by."""

    customer = CodesFilter(field_name="organisation", model=Organisation, secret=True, label=_("Customer"))
    month = filters.DateFilter(input_formats=["%Y-%m"], label=_("Month, such as 2026-11"))
    state = ChoicesFilter(choices=ServiceReport.State.choices, label=_("State"))


class ServiceReportsView(ListView):
    """Service reports."""

    filters = ServiceReportFilter
    serializer = ServiceReportSerializer
    sorts = {"month": (Column("month"),), "made_at": (Column("made_at"),)}
    default_order = "-month"

    def rows(self, request: Request) -> QuerySet[Any]:
        """All for staff who see boards; for customers what was sent to them."""
        return visible_to(self.user).select_related("approved_by").defer("content")

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="service_reports_list",
            tag=TAG,
            summary=_("List service reports"),
            response=ServiceReportPage,
            errors=LIST_ERRORS,
        )


class OneView(ApiView):
    """What finds one of them."""

    def find(self, pk: int) -> Any:
        """It, for those who see it. Raises Http404."""
        found = visible_to(self.user).select_related("approved_by").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def answer(self, pk: int) -> Response:
        """All of it that the person may read."""
        report, staff = self.find(pk), may_see_board(self.user)
        seen = report.__dict__.pop("seen")  # for staff alone
        report.sections = [linked(section, staff) for section in report.content["sections"]]
        if staff:
            report.seen, report.lines = seen, report.log.select_related("actor")
            report.goes_to, report.customer_language = told_to(report), language_of(report.organisation)
            report.actions = possible(report, self.user)
            report.approvers = approvers_of(report) if report.state == ServiceReport.State.DRAFT else []
        return Response(WholeServiceReportSerializer(report).data)


class ServiceReportView(OneView):
    """One service report."""

    def get(self, request: Request, pk: int) -> Response:
        """Read it."""
        return self.answer(pk)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="service_reports_read",
            tag=TAG,
            summary=_("Read a service report"),
            response=WholeServiceReportSerializer,
            path=KEY,
        )


class ServiceReportFileView(OneView):
    """A service report as PDF or Excel, in the customer's language."""

    form = "pdf"

    def get(self, request: Request, pk: int) -> HttpResponse:
        """Download it."""
        return sent_file(self.find(pk), self.form, for_staff=may_see_board(self.user))

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"service_reports_{self.form}",
            tag=TAG,
            summary=_("Download a service report"),
            response={"type": "string", "format": "binary"},
            media_type=TYPE_OF[self.form],
            path=KEY,
        )


class ServiceReportStepView(OneView):
    """A step of a service report."""

    http_method_names = ["post", "options"]
    step = ""

    def post(self, request: Request, pk: int) -> Response:
        """Take it; of a correction, the answer is the next version."""
        report = self.find(pk)
        if not may_write(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._take(request, report))

    def _take(self, request: Request, report: ServiceReport) -> Response:
        data, _files = read_input(STEPS[self.step].form, request)
        form = form_of(self.step, report, {"improvements": report.improvements, **data})
        return self.answer(take(self.step, report=report, user=self.user, cleaned=checked(form, data)).pk)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        step = STEPS[self.step]
        return Operation(
            id=f"service_reports_{self.step}",
            tag=TAG,
            summary=step.help,
            description=_(
                "`seen` is that of the report that you read; when somebody worked on it since, 409 says who."
            ),
            request={"application/json": schema_of(step.form)},
            response=WholeServiceReportSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=KEY,
        )


ServiceReportPage = page_serializer(ServiceReportSerializer)
routes = [
    path("service-reports/", ServiceReportsView.as_view(), name="service-reports"),
    path("service-reports/<int:pk>/", ServiceReportView.as_view(), name="service-report"),
    *(
        path(
            f"service-reports/<int:pk>/{form}/",
            ServiceReportFileView.as_view(form=form),
            name=f"service-report-{form}",
        )
        for form in TYPE_OF
    ),
    *(
        path(
            f"service-reports/<int:pk>/{step}/",
            ServiceReportStepView.as_view(step=step),
            name=f"service-report-{step}",
        )
        for step in STEPS
    ),
]
