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
from itsm.api.form_input import checked, read_input, schema_of
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.references import keys_from
from itsm.api.schema import page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.filtering import ChoicesFilter, YesNoFilter
from itsm.web.paging import Column

TAG = _("Announcements")
KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
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

    #: For those who write; whoever reads need not know who else is affected.
    WRITERS_ONLY = ("organisations", "ticket", "author")

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
            Announcement.objects.all() if may_announce(self.user) else Announcement.objects.visible_to(self.user)
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

    def answer(self, pk: int, status: int = 200) -> Response:
        """The announcement as it stands."""
        context = {"writes": may_announce(self.user)}
        return Response(AnnouncementSerializer(self.find(pk), context=context).data, status=status)

    def store(self, request: Request, announcement: Announcement | None, status: int) -> Response:
        """Write what was sent; what an edit leaves out stays."""
        data, _files = read_input(INPUT, request)
        form = AnnouncementForm(instance=announcement, user=self.user)
        kept = form.initial if announcement else {"kind": form.initial["kind"]}
        form = AnnouncementForm({**kept, **data}, instance=announcement, user=self.user)
        checked(form, data)
        saved = services.save_announcement(form=form, user=self.user, now=timezone.now())
        return self.answer(saved.pk, status)


class AnnouncementsView(Endpoint, ListView):
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
        self.check_writes()
        return answer_once(request, lambda: self.store(request, None, 201))

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


class AnnouncementView(Endpoint):
    """One announcement."""

    def get(self, request: Request, pk: int) -> Response:
        """Read it."""
        return self.answer(pk)

    def post(self, request: Request, pk: int) -> Response:
        """Change what is sent; the rest stays."""
        announcement = self.find(pk)
        self.check_writes()
        return answer_once(request, lambda: self.store(request, announcement, 200))

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
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=KEY,
        )


#: step: (what it does, in the description)
STEPS = {
    "publish": _("Publish an announcement"),
    "end": _("End an announcement before its time"),
    "dismiss": _("Put an announcement away for oneself"),
}


class StepView(Endpoint):
    """Publishing, ending, putting away."""

    step = ""

    def post(self, request: Request, pk: int) -> Response:
        """Do it; doing it again changes nothing."""
        announcement, now = self.find(pk), timezone.now()
        if self.step == "dismiss":
            services.dismiss(announcement=announcement, user=self.user, now=now)
            return Response(status=204)
        self.check_writes()
        do = services.publish if self.step == "publish" else services.end
        do(announcement=announcement, now=now)
        return self.answer(pk)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        silent = self.step == "dismiss"
        return Operation(
            id=f"announcements_{self.step}",
            tag=TAG,
            summary=STEPS[self.step],
            response=None if silent else AnnouncementSerializer,
            status=204 if silent else 200,
            errors=CREATE_ERRORS,
            path=KEY,
        )


routes = [
    path("announcements/", AnnouncementsView.as_view(), name="announcements"),
    path("announcements/<int:pk>/", AnnouncementView.as_view(), name="announcement"),
    *(path(f"announcements/<int:pk>/{step}/", StepView.as_view(step=step)) for step in STEPS),
]
