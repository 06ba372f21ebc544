"""How tickets and their parts read in the API. Who may read what is decided here, in one place (ORG-03).

Answers only: input is read by the forms of actions.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from accounts.permissions import Permission
from itsm.api.fields import (
    CodeField,
    CodeSerializer,
    ItemsField,
    NumberField,
    PersonField,
    ReadOnly,
    SecondsField,
)
from tickets.clock import NO_LIMIT
from tickets.lifecycle import Kind, Phase, kind_of
from tickets.models import Ticket

#: Marks fields for those who read internal notes; the others do not get them at all.
STAFF: dict[str, Any] = {"required": False, "help_text": "For staff only; absent for others."}


def reads_internal(user: User) -> bool:
    """Whether ``user`` reads what is not meant for requesters."""
    return user.may(Permission.INTERNAL)


def ticket_address(ticket: Ticket) -> str:
    """Where the API serves ``ticket``."""
    return reverse(f"api:{ticket.kind_info.slug}-detail", args=[ticket.number])


@extend_schema_field({"type": "string", "format": "uri-reference"})
class AddressField(ReadOnly):
    """Where the API serves the ticket."""

    def to_representation(self, value: Ticket) -> str:
        """An address on this host."""
        return ticket_address(value)


@extend_schema_field(CodeSerializer)
class StateField(ReadOnly):
    """The state with its name."""

    def to_representation(self, value: Ticket) -> dict[str, str]:
        """Code and name."""
        return {"code": value.state, "name": force_str(value.state_label)}


@extend_schema_field(CodeSerializer)
class PhaseField(ReadOnly):
    """What the state means."""

    def to_representation(self, value: str) -> dict[str, str]:
        """Code and name."""
        return {"code": value, "name": force_str(Phase(value).label)}


@extend_schema_field({"type": "boolean"})
class DuplicateField(ReadOnly):
    """Whether it is marked as the same event as another ticket."""

    def to_representation(self, value: Ticket) -> bool:
        """True for a duplicate."""
        return value.duplicate_of_id is not None


class LimitField(serializers.DateTimeField):
    """The limit that runs now; null while none does."""

    def to_representation(self, value: Any) -> Any:
        """Nobody has to wait for the year 9000."""
        return None if value >= NO_LIMIT else super().to_representation(value)


class AudienceSerializer(serializers.Serializer):
    """Leaves out what is for staff when ``context["internal"]`` is false, except what ``context["also"]`` names."""

    def get_fields(self) -> dict[str, Any]:
        """The fields that this audience gets."""
        fields = super().get_fields()
        if self.context.get("internal", True):
            return fields
        also = self.context.get("also", ())
        return {name: field for name, field in fields.items() if field.required or name in also}


class TicketSerializer(AudienceSerializer):
    """A ticket in a list."""

    number = serializers.CharField()
    kind = serializers.CharField()
    url = AddressField(source="*")
    state = StateField(source="*")
    phase = PhaseField()
    version = serializers.IntegerField()
    summary = serializers.CharField()
    priority = CodeField(allow_null=True, help_text="Null for kinds that are graded otherwise.")
    source = CodeField(allow_null=True)  # type: ignore[assignment]  # DRF has an attribute of this name
    nature = CodeField(allow_null=True)
    category = CodeField(allow_null=True)
    business_system = CodeField(allow_null=True)
    organisation = CodeField()
    requester = PersonField(allow_null=True)
    group = CodeField(allow_null=True)
    assignee = PersonField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    due_at = LimitField(source="queue_due_at", allow_null=True, help_text="The limit that runs now.")
    planned_response_at = serializers.DateTimeField(allow_null=True)
    planned_completion_at = serializers.DateTimeField(allow_null=True)
    assigned_at = serializers.DateTimeField(allow_null=True)
    responded_at = serializers.DateTimeField(allow_null=True)
    responded_in_time = serializers.BooleanField(allow_null=True, **STAFF)
    resolved_at = serializers.DateTimeField(allow_null=True)
    dispatched_in_time = serializers.BooleanField(
        allow_null=True,
        **{**STAFF, "help_text": "Whether the desk's own limit was kept, the last time. For staff only."},
    )
    completed_in_time = serializers.BooleanField(allow_null=True, **STAFF)
    closed_at = serializers.DateTimeField(allow_null=True)
    agreed_at = serializers.DateTimeField(allow_null=True, help_text="Agreed with the requester.")
    closes_at = serializers.DateTimeField(allow_null=True, help_text="When it closes by itself.")
    wait_count = serializers.IntegerField(**{**STAFF, "help_text": "How often it was put on hold. For staff only."})
    reopen_count = serializers.IntegerField()
    urge_count = serializers.IntegerField()
    parent = NumberField(allow_null=True, **STAFF)  # type: ignore[assignment]  # DRF has an attribute of this name
    is_duplicate = DuplicateField(source="*", **STAFF)
    escalated_at = serializers.DateTimeField(
        allow_null=True, **{**STAFF, "help_text": "Escalated since then, nobody acted yet. For staff only."}
    )
    complexity = serializers.IntegerField(**STAFF)
    children_total = serializers.IntegerField(**STAFF)
    children_open = serializers.IntegerField(**STAFF)
    external_system = serializers.CharField(**STAFF)
    external_number = serializers.CharField(**STAFF)
    impact = CodeField(allow_null=True)
    urgency = CodeField(allow_null=True)


#: What a list loads with each ticket.
ROW_RELATIONS = (
    "priority",
    "source",
    "nature",
    "category",
    "business_system",
    "organisation",
    "requester",
    "group",
    "assignee",
    "parent",
    "impact",
    "urgency",
)


class TicketDetailSerializer(TicketSerializer):
    """A ticket with all that every kind has."""

    description = serializers.CharField()
    contact_phone = serializers.CharField()
    contact_email = serializers.CharField()
    registered_by = PersonField(allow_null=True)
    agreed_reason = serializers.CharField()
    wait_reason = CodeField(allow_null=True)
    wait_until = serializers.DateTimeField(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True, help_text="When the requester said that it is solved.")
    confirmed_by = serializers.CharField()
    confirmed_how = serializers.CharField(
        help_text="portal, link (in a mail), phone, chat, mail or person; empty: not confirmed."
    )
    satisfaction = CodeField(allow_null=True)
    satisfaction_comment = serializers.CharField()
    satisfaction_heard = serializers.BooleanField(help_text="Heard by phone and typed by staff.")
    supplier = CodeField(allow_null=True, **STAFF)
    duplicate_of = NumberField(allow_null=True, **STAFF)
    items = ItemsField(**STAFF)


#: What a row of a list can be asked to show beside what it shows anyway.
EXPANDABLE = tuple(TicketDetailSerializer._declared_fields.keys() - TicketSerializer._declared_fields.keys())


class RowSerializer(TicketDetailSerializer):
    """A ticket in a list. What lists leave out comes with `expand`."""

    def get_fields(self) -> dict[str, Any]:
        """Those of every row, and those in ``context["expand"]``."""
        fields, expand = super().get_fields(), self.context.get("expand")
        if expand is not None:
            return {name: field for name, field in fields.items() if name not in EXPANDABLE or name in expand}
        for name in EXPANDABLE:  # nobody reads: it is described
            fields[name].required = False
        return fields


def detail_serializer(kind: Kind) -> type[TicketDetailSerializer]:
    """The serializer of ``kind``: what every kind has, and the kind's own columns."""
    return _detail_serializer(kind.code)


@cache
def _detail_serializer(code: str) -> type[TicketDetailSerializer]:
    kind = kind_of(code)
    shared = set(Ticket._meta._forward_fields_map)  # type: ignore[attr-defined]  # names and columns of the base
    own = [f for f in kind.model._meta.concrete_fields if f.name not in shared and not f.primary_key]
    fields = {field.name: field_for(field, staff=field.name not in kind.public_fields) for field in own}
    if kind.answers:
        fields |= import_string(kind.answers)()
    texts = {"__doc__": "A ticket of this kind with all its fields."}
    return type(f"{kind.model.__name__}Serializer", (TicketDetailSerializer,), fields | texts)


def field_for(column: models.Field[Any, Any], *, staff: bool) -> serializers.Field:
    """How a column of a kind reads."""
    options: dict[str, Any] = {"allow_null": column.null} | (STAFF if staff else {})
    if isinstance(column, models.ForeignKey):
        return _reference(column.related_model)(**options)
    if isinstance(column, models.DurationField):
        return SecondsField(**options)
    return serializers.ModelSerializer.serializer_field_mapping[_known_class(column)](**options)


def _reference(model: Any) -> type[ReadOnly]:
    if issubclass(model, User):
        return PersonField
    return NumberField if issubclass(model, Ticket) else CodeField


def _known_class(column: models.Field[Any, Any]) -> Any:
    known = serializers.ModelSerializer.serializer_field_mapping
    return next((cls for cls in type(column).__mro__ if cls in known), models.CharField)


class RelatedTicketSerializer(serializers.Serializer):
    """The other ticket of a relation."""

    number = serializers.CharField()
    kind = serializers.CharField()
    url = AddressField(source="*")
    summary = serializers.CharField()
    state = StateField(source="*")


class ExternalRecordSerializer(serializers.Serializer):
    """A record of another system."""

    system = serializers.CharField()
    kind = serializers.CharField()
    number = serializers.CharField(source="reference")


class RelationSerializer(serializers.Serializer):
    """A relation, read from the ticket that was asked for."""

    direction = serializers.ChoiceField(
        choices=["outgoing", "incoming", "external"],
        help_text="outgoing: this ticket is <meaning> the other; incoming: the other is <meaning> this one.",
    )
    meaning = CodeField()
    ticket = RelatedTicketSerializer(allow_null=True)
    external = ExternalRecordSerializer(allow_null=True)


class ChoiceSerializer(serializers.Serializer):
    """A value that a field takes."""

    value = serializers.JSONField()
    label = serializers.CharField()  # type: ignore[assignment]


class ActionFieldSerializer(serializers.Serializer):
    """A field of an action's input."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
    type = serializers.ChoiceField(choices=["string", "integer", "number", "boolean", "array", "file"])
    required = serializers.BooleanField()  # type: ignore[assignment]
    choices = ChoiceSerializer(many=True, help_text="The values, where they do not come from a table.")
    values_from = serializers.CharField(allow_null=True, help_text="Address of the list whose keys the field takes.")


class ActionSerializer(serializers.Serializer):
    """What the person may do now."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
    intent = serializers.CharField(help_text="primary, normal or danger.")
    enabled = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why it is not possible right now; empty when it is.")
    versioned = serializers.BooleanField(help_text="Whether If-Match is checked.")
    url = serializers.CharField(help_text="Where to POST it.")
    fields = ActionFieldSerializer(many=True)  # type: ignore[assignment]  # the answer calls them so
