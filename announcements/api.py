"""Announcements in the API: read by those affected, written by those who publish."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import CodesOfRows
from announcements import services
from announcements.forms import AnnouncementForm
from announcements.models import Announcement
from announcements.rules import may_announce
from itsm.api.fields import NumberField, PersonField
from itsm.api.form_input import schema_of
from itsm.api.idempotency import answer_once
from itsm.api.operations import ACT_ERRORS, CREATE_ERRORS, IDEMPOTENCY_KEY, IF_MATCH, LIST_ERRORS, Operation
from itsm.api.references import keys_from
from itsm.api.schema import page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.filtering import ChoicesFilter, YesNoFilter
from itsm.web.paging import Column
from records.api import KEY, LogApi, StepApi, TakesSteps, step_paths

TAG = _("Announcements")
#: What is sent: for our readers of input any form with declared fields will do.
INPUT: Any = AnnouncementForm
IS_SHOWN = Q(published_at__isnull=False, ended_at=None, shown_from__lte=Now(), shown_until__gt=Now())


class AnnouncementSerializer(serializers.Serializer):
    """What is said, to whom, when."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Announcement.Kind.choices)
    state = serializers.SerializerMethodField(help_text="draft, coming, shown or ended.")
    text = serializers.CharField(help_text="In the language of the request.")
    text_zh = serializers.CharField()
    text_en = serializers.CharField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    shown_from = serializers.DateTimeField()
    shown_until = serializers.DateTimeField()
    systems = CodesOfRows()
    organisations = CodesOfRows(required=False, help_text="Empty: for everybody. Only for those who write.")
    ticket = NumberField(allow_null=True, required=False, help_text="Only for those who write.")
    author = PersonField(required=False, help_text="Only for those who write.")
    published_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(required=False, help_text="For If-Match. Only for those who write.")

    #: For those who write; whoever reads need not know who else is affected.
    WRITERS_ONLY = ("organisations", "ticket", "author", "version")

    def get_fields(self) -> dict[str, Any]:
        """Readers get what they are told."""
        fields = super().get_fields()
        if self.context.get("writes", True):
            return fields
        return {name: field for name, field in fields.items() if name not in self.WRITERS_ONLY}

    def get_state(self, row: Announcement) -> str:
        """Where it stands now."""
        return str(row.standing(timezone.now()))


class AnnouncementFilter(FilterSet):
    """What announcements can be found by."""

    shown = YesNoFilter(IS_SHOWN, label=_("Shown now"))
    kind = ChoicesFilter(choices=Announcement.Kind.choices, label=_("Kind"))


AnnouncementPage = page_serializer(AnnouncementSerializer)


class Endpoint(ApiView):
    """What all endpoints of announcements share."""

    def found(self) -> QuerySet[Announcement]:
        """Everything for those who write, else what is said to the person."""
        everything = (
            Announcement.objects.kept() if may_announce(self.user) else Announcement.objects.visible_to(self.user)
        )
        return everything.select_related("ticket", "author").prefetch_related("systems", "organisations")

    def find(self, pk: int) -> Announcement:
        """One of them. Raises Http404."""
        found = self.found().filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def check_writes(self) -> None:
        """Raise PermissionDenied for those who only read."""
        if not may_announce(self.user):
            raise PermissionDenied

    def answer(self, announcement: Announcement, status: int = 200) -> Response:
        """The announcement as it stands."""
        context = {"writes": may_announce(self.user)}
        return Response(AnnouncementSerializer(announcement, context=context).data, status=status)


class Writing(TakesSteps, Endpoint):
    """What all endpoints share that write."""

    model = Announcement

    def take(self, request: Request, record: Any, name: str, status: int = 200) -> Response:
        """Those who only read take no step."""
        self.check_writes()
        return super().take(request, record, name, status)


class AnnouncementStep(StepApi, Writing):
    """Publishing, ending, discarding; writing and changing have addresses of their own."""

    answers = AnnouncementSerializer
    tag = TAG
    prefix = "announcements"


class AnnouncementLogView(LogApi, Endpoint):
    """Who wrote, published, ended it, and what changed."""

    model = Announcement
    tag = TAG
    prefix = "announcements"


class AnnouncementsView(Writing, ListView):
    """``GET``: what is said. ``POST``: write a draft."""

    filters = AnnouncementFilter
    sorts = {"shown_from": (Column("shown_from"),), "shown_until": (Column("shown_until"),)}
    default_order = "-shown_from"

    def rows(self, request: Request) -> QuerySet[Any]:
        """What the person may see."""
        return self.found()

    def to_data(self, rows: list[Any]) -> list[Any]:
        """Rows as this audience may read them."""
        context = {"writes": may_announce(self.user)}
        return AnnouncementSerializer(rows, many=True, context=context).data  # type: ignore[return-value]

    def post(self, request: Request) -> Response:
        """Write a draft."""
        return answer_once(request, lambda: self.take(request, Announcement(), "write", 201))

    def operation(self, method: str) -> Operation:
        """How the description shows list and writing."""
        if method == "get":
            return Operation(
                id="announcements_list",
                tag=TAG,
                summary=_("List announcements"),
                response=AnnouncementPage,
                errors=LIST_ERRORS,
            )
        return Operation(
            id="announcements_create",
            tag=TAG,
            summary=_("Write an announcement, as a draft"),
            request={"application/json": schema_of(INPUT, describe=keys_from, given=("kind",))},
            response=AnnouncementSerializer,
            status=201,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


class AnnouncementView(Writing):
    """One announcement."""

    def get(self, request: Request, pk: int) -> Response:
        """Read it."""
        return self.answer(self.find(pk))

    def post(self, request: Request, pk: int) -> Response:
        """Change what is sent; the rest stays."""
        return answer_once(request, lambda: self.take(request, self.find(pk), "edit"))

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="announcements_read",
                tag=TAG,
                summary=_("Read an announcement"),
                response=AnnouncementSerializer,
                path=KEY,
            )
        return Operation(
            id="announcements_edit",
            tag=TAG,
            summary=_("Change an announcement"),
            description=_("What is left out stays as it is. Those who put it away are shown it again."),
            request={"application/json": schema_of(INPUT, describe=keys_from)},
            response=AnnouncementSerializer,
            errors=ACT_ERRORS,
            parameters=(IDEMPOTENCY_KEY, IF_MATCH),
            path=KEY,
        )


class DismissView(Endpoint):
    """Putting one away for oneself; doing it again changes nothing."""

    def post(self, request: Request, pk: int) -> Response:
        """Remember it."""
        services.dismiss(announcement=self.find(pk), user=self.user, now=timezone.now())
        return Response(status=204)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="announcements_dismiss",
            tag=TAG,
            summary=_("Put an announcement away for oneself"),
            status=204,
            errors=CREATE_ERRORS,
            path=KEY,
        )


routes = [
    path("announcements/", AnnouncementsView.as_view(), name="announcements"),
    path("announcements/<int:pk>/", AnnouncementView.as_view(), name="announcement"),
    path("announcements/<int:pk>/log/", AnnouncementLogView.as_view(), name="announcement-log"),
    path("announcements/<int:pk>/dismiss/", DismissView.as_view(), name="announcement-dismiss"),
    *step_paths(AnnouncementStep, beside=("edit",)),
]
