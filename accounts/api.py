"""People, groups, organisations and code tables in the API. Read-only: they are kept in the administration."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Field, ForeignKey, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.administration.forms import LAST_ADMINISTRATOR, administrators, lock_administration
from accounts.codes import CodeTable
from accounts.leaving import holdings_of, switch_off
from accounts.models import ApiToken, Organisation, SupportGroup, Tier, User
from accounts.permissions import Permission
from itsm.api.code_tables import code_tables
from itsm.api.directory import BY_CODE, BY_POSITION, TAG, Directory, DirectoryFilter
from itsm.api.fields import CodeField, PersonField
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer, page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.filtering import ChoicesFilter, CodesFilter, YesNoFilter
from itsm.web.paging import Column

SHARED_COLUMNS = frozenset({"code", "name_zh", "name_en", "position", "active"})


class CodesOfRows(serializers.ListField):
    """Codes of related rows, loaded already."""

    child = serializers.CharField()

    def to_representation(self, data: Any) -> list[str]:
        """The codes."""
        return [row.code for row in data.all()]


class PersonDetailSerializer(serializers.Serializer):
    """A person with how to reach them."""

    username = serializers.CharField()
    name = serializers.CharField(source="display_name", help_text="In the language of the request.")
    full_name = serializers.CharField()
    full_name_en = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    mobile = serializers.CharField()
    employee_number = serializers.CharField()
    organisation = CodeField()
    department = serializers.CharField(source="department.name", default=None, allow_null=True)
    groups = CodesOfRows(source="support_groups")
    active = serializers.BooleanField(source="is_active")


class PeopleFilter(filters.FilterSet):
    """What people can be found by."""

    q = filters.CharFilter(
        method="search", label=_("Words of name, user name, phone, employee number"), max_length=200
    )
    active = YesNoFilter(Q(is_active=True), label=_("Active"))
    organisation = CodesFilter(model=Organisation, secret=True, label=_("Organisation"))
    group = filters.CharFilter(field_name="support_groups__code", label=_("Group"), max_length=40)

    def search(self, queryset: Any, name: str, value: str) -> Any:
        """People in whom every word occurs."""
        return queryset.matching(value)


def people(user: User) -> QuerySet[User]:
    """Colleagues for customers, everybody for staff."""
    found = User.objects.visible_to(user)
    return found.select_related("organisation", "department").prefetch_related("support_groups")


class NamedSerializer(serializers.Serializer):
    """A row that has a code and a name in both languages."""

    code = serializers.CharField()
    name = serializers.CharField(help_text="In the language of the request.")
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    active = serializers.BooleanField()


class HeldSerializer(serializers.Serializer):
    """Something that waits for a person."""

    kind = serializers.CharField(help_text="ticket, command, lead, roster, deputy, swap, approval, delegation.")
    label = serializers.CharField(help_text="In the language of the request.")  # type: ignore[assignment]  # a field named so
    name = serializers.CharField(help_text="Which one.")
    to = serializers.CharField(help_text="Who has it now, by name; empty before it is handed on, or when nobody has.")


HeldList = list_serializer(HeldSerializer)


class HeldView(ApiView):
    """What would be handed on if a person were switched off; for administrators."""

    reads = ApiToken.Scope.DIRECTORY_READ

    def person(self, username: str) -> User:
        """The person. Raises Http404 when nobody is found, PermissionDenied for all but administrators."""
        if not self.user.may(Permission.ADMIN):
            raise PermissionDenied
        found: User = get_object_or_404(people(self.user), username=username)
        return found

    def get(self, request: Request, key: str) -> Response:
        """Line by line."""
        found = holdings_of(self.person(key), timezone.now())
        return Response({"results": HeldSerializer(found, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="people_held", tag=TAG, summary=_("Read what a person holds"), response=HeldList, path=BY_USERNAME
        )


class SwitchOffView(HeldView):
    """Switching a person off: they sign in no more, and what they hold is handed on."""

    http_method_names = ("post", "options")

    def post(self, request: Request, key: str) -> Response:
        """The answer lists what was handed on, and to whom. Repeated, it lists nothing."""
        return answer_once(request, lambda: self._switch_off(self.person(key)))

    def _switch_off(self, person: User) -> Response:
        lock_administration()
        if person.is_active and not administrators().exclude(pk=person.pk).exists():
            raise ValidationError([str(LAST_ADMINISTRATOR)])
        found = switch_off(user=person, by=self.user, now=timezone.now())
        values = {"is_active": ["True", "False"]}
        message = [{"changed": {"fields": ["active"], "values": values}}]
        LogEntry.objects.log_actions(self.user.pk, [person], CHANGE, change_message=message, single_object=True)
        return Response({"results": HeldSerializer(found, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="people_switch_off",
            tag=TAG,
            summary=_("Switch a person off"),
            response=HeldList,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=BY_USERNAME,
        )


BY_USERNAME: dict[str, dict[str, Any]] = {"key": {"type": "string", "maxLength": 150}}


class GroupSerializer(NamedSerializer):
    """A support group."""

    tier = serializers.ChoiceField(choices=Tier.choices)
    organisation = CodeField()
    lead = PersonField(allow_null=True)


class GroupFilter(DirectoryFilter):
    """What groups can be found by."""

    tier = ChoicesFilter(choices=Tier.choices, label=_("Tier"))


def groups(user: User) -> QuerySet[SupportGroup]:
    """Every group for staff."""
    return SupportGroup.objects.visible_to(user).select_related("organisation", "lead")


class OrganisationSerializer(NamedSerializer):
    """An organisation: the provider, a customer or a supplier."""

    kind = serializers.ChoiceField(choices=Organisation.Kind.choices)


class OrganisationFilter(DirectoryFilter):
    """What organisations can be found by."""

    kind = ChoicesFilter(choices=Organisation.Kind.choices, label=_("Kind"))


class CodeRowSerializer(NamedSerializer):
    """A row of a code table."""

    position = serializers.IntegerField()
    details = serializers.SerializerMethodField(help_text="Further columns of this table.")

    def get_details(self, row: CodeTable) -> dict[str, Any]:
        """Columns beyond those of every table; references by key, people left out."""
        return {column.name: getattr(row, column.attname) for column in _own_columns(row)}


CodeRowPage = page_serializer(CodeRowSerializer)


class CodeTableSerializer(serializers.Serializer):
    """A code table."""

    table = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField()


class CodeTablesView(ApiView):
    """Which code tables there are."""

    reads = ApiToken.Scope.DIRECTORY_READ

    def get(self, request: Request) -> Response:
        """Each with its address."""
        tables = [
            {
                "table": slug,
                "name": force_str(model._meta.verbose_name_plural),
                "url": reverse("api:code-table", args=[slug]),
            }
            for slug, model in code_tables().items()
        ]
        return Response({"results": tables})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        response = list_serializer(CodeTableSerializer)
        return Operation(
            id="codes_list", tag=TAG, summary=_("List code tables"), response=response, errors=LIST_ERRORS
        )


class CodeTableView(ListView):
    """The rows of a code table, in its own order."""

    reads = ApiToken.Scope.DIRECTORY_READ
    serializer = CodeRowSerializer
    filters = DirectoryFilter
    sorts = BY_POSITION
    default_order = "position"

    def rows(self, request: Request) -> QuerySet[Any]:
        """The rows that the person may see: in most tables all."""
        model = code_tables().get(self.kwargs["table"])
        if model is None:
            raise Http404
        return model.objects.visible_to(self.user)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="code_rows_list",
            tag=TAG,
            summary=_("List the rows of a code table"),
            response=CodeRowPage,
            path={"table": {"type": "string", "enum": list(code_tables())}},
        )


def _own_columns(row: CodeTable) -> list[Field[Any, Any]]:
    """Columns of the table itself that say something to everybody: neither people, groups nor what roles may."""
    return [column for column in row._meta.concrete_fields if column.name not in SHARED_COLUMNS and _is_plain(column)]


def _is_plain(column: Field[Any, Any]) -> bool:
    if isinstance(column, ForeignKey):
        return issubclass(column.related_model, CodeTable)
    return column.name not in ("permissions", "first_page")


PEOPLE = Directory(
    slug="people",
    noun=_("people"),
    rows=people,
    serializer=PersonDetailSerializer,
    filters=PeopleFilter,
    sorts={"username": (Column("username"),), "full_name": (Column("full_name"),)},
    key="username",
)
GROUPS = Directory(
    slug="groups",
    noun=_("support groups"),
    rows=groups,
    serializer=GroupSerializer,
    filters=GroupFilter,
    sorts={**BY_CODE, "tier": (Column("tier"),)},
)
ORGANISATIONS = Directory(
    slug="organisations",
    noun=_("organisations"),
    rows=Organisation.objects.visible_to,
    serializer=OrganisationSerializer,
    filters=OrganisationFilter,
    sorts={**BY_CODE, "kind": (Column("kind"),)},
)

routes = [
    *PEOPLE.routes,
    path("people/<key:key>/held/", HeldView.as_view(), name="person-held"),
    path("people/<key:key>/switch-off/", SwitchOffView.as_view(), name="person-switch-off"),
    *GROUPS.routes,
    *ORGANISATIONS.routes,
    path("codes/", CodeTablesView.as_view(), name="codes"),
    path("codes/<slug:table>/", CodeTableView.as_view(), name="code-table"),
]
