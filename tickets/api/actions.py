"""What may be done with a ticket, and doing it. One route serves every action of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from itsm.api.form_input import fixed_choices, json_type
from itsm.api.idempotency import answer_once
from itsm.api.operations import ACT_ERRORS, IDEMPOTENCY_KEY, IF_MATCH, Operation
from itsm.api.references import list_for
from itsm.api.schema import list_serializer
from tickets.actions import Available, available_actions
from tickets.api.base import BESIDE, NUMBER, TicketView
from tickets.api.lists import body_schemas
from tickets.forms import ActionForm
from tickets.lifecycle import Action, Kind
from tickets.models import Ticket
from tickets.serializers import ActionSerializer, detail_serializer

ActionList = list_serializer(ActionSerializer)


class ActionsView(TicketView):
    """What the person may do with a ticket now."""

    def get(self, request: Request, number: str) -> Response:
        """Every allowed action with its input; those that a guard holds back say why."""
        ticket = self.find_whole(number)
        offered = [action_data(item, ticket, self.user) for item in available_actions(ticket, self.user)]
        return Response({"results": offered})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"{self.kind.slug}_actions",
            tag=force_str(self.kind.label_plural),
            summary=_("What you may do now"),
            description=_("Each action with its input. One that is held back has `enabled: false` and a reason."),
            response=ActionList,
            path=NUMBER,
        )


class ActionView(TicketView):
    """Doing an action. ``spec``: set for the description only, where each action has its own address."""

    spec: ClassVar[Action | None] = None

    def form_for_input(self) -> type[ActionForm] | None:
        """The form of the action that is asked for."""
        action = self.spec or self.kind.actions.get(self.kwargs.get("name", ""))
        return action.form_class if action else None

    def post(self, request: Request, number: str, name: str) -> Response:
        """Do it; the answer is the ticket as it stands afterwards."""
        return answer_once(request, lambda: self._do(request, number, name))

    def _do(self, request: Request, number: str, name: str) -> Response:
        ticket = self.find(number)
        data, files = self.read(request)
        self.act(ticket, name, data, files)
        return self.show(self.kind, number)

    @classmethod
    def one_per_action(cls, kind: Kind) -> Iterator[tuple[str, Any]]:
        """(name, view) of every action that people do with a ticket, for the description."""
        for action in kind.actions.values():
            if not action.system and not action.creates:
                yield action.name, cls.as_view(kind=kind, spec=action)

    def operation(self, method: str) -> Operation | None:
        """How the description shows the action."""
        if self.spec is None:
            return None
        return Operation(
            id=f"{self.kind.slug}_{self.spec.name}",
            tag=_("%(kind)s: actions") % {"kind": force_str(self.kind.label_plural)},
            summary=force_str(self.spec.label),
            description=_(self.spec.help) if self.spec.help else "",
            request=body_schemas(self.spec.form_class),
            response=detail_serializer(self.kind),
            path=NUMBER,
            errors=ACT_ERRORS,
            parameters=(IDEMPOTENCY_KEY, *(() if self.spec.name in BESIDE else (IF_MATCH,))),
            etag=True,
            also=(204,),
        )


def action_data(item: Available, ticket: Ticket, user: User) -> dict[str, Any]:
    """An action as data, with the fields that this person is asked for."""
    action = item.action
    form = action.form_class(ticket=ticket, user=user, initial={})
    kept = form.initial_from(ticket) if form.keeps_missing else {}
    return {
        "name": action.name,
        "label": force_str(action.label),
        "help": _(action.help) if action.help else "",
        "intent": action.intent,
        "enabled": item.enabled,
        "reason": force_str(item.reason or ""),
        "versioned": action.versioned,
        "url": reverse(f"api:{ticket.kind_info.slug}-action", args=[ticket.number, action.name]),
        "fields": [_field_data(name, field, kept.get(name)) for name, field in form.fields.items()],
    }


def _field_data(name: str, field: Any, kept: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": force_str(field.label or name),
        "help": force_str(field.help_text),
        "type": json_type(field),
        "required": field.required and kept in (None, ""),
        "choices": [{"value": value, "label": force_str(label)} for value, label in fixed_choices(field)],
        "values_from": list_for(field),
    }
