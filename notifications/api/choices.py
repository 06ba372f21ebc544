"""What the person wants to be told, and how, in the API."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.preferences import store_preferences
from itsm.api.operations import CREATE_ERRORS, LIST_ERRORS, Operation
from itsm.api.views import ApiView
from notifications.api.ledger import checked
from notifications.api.own import TAG
from notifications.choices import ROOM
from notifications.events import CHOSEN
from notifications.forms import ChoicesForm

QUIET = ("quiet_from", "quiet_until")
_TIME: dict[str, Any] = {"type": ["string", "null"], "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
INPUT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "channels": {
            "type": "object",
            "description": "Event to channels. Events that are not named stay as they are.",
            "additionalProperties": {"type": "array", "items": {"type": "string", "enum": list(CHOSEN)}},
        },
        **dict.fromkeys(QUIET, _TIME),
    },
}


class EventChannelsSerializer(serializers.Serializer):
    """How the person is told of an event, beside the portal."""

    event = serializers.CharField()
    name = serializers.CharField()
    allowed = serializers.ListField(child=serializers.CharField(), help_text="What may be chosen.")
    chosen = serializers.ListField(child=serializers.CharField())
    fixed = serializers.ListField(child=serializers.CharField(), help_text="What nobody can refuse.")


class NoticeChoicesSerializer(serializers.Serializer):
    """The person's choices."""

    events = EventChannelsSerializer(many=True)
    quiet_from = serializers.CharField(allow_null=True, help_text="Then mails and SMS wait, but those of P1 and P2.")
    quiet_until = serializers.CharField(allow_null=True)


class ChoicesView(ApiView):
    """Channels for each event, and quiet hours."""

    def get(self, request: Request) -> Response:
        """As they are."""
        form = ChoicesForm(user=self.user)
        events = [
            {
                "event": event.code,
                "name": str(event.label),
                "allowed": [name for name, _label in form.fields[event.code].choices],  # type: ignore[attr-defined]
                "chosen": form.fields[event.code].initial,
                "fixed": choice.fixed,
            }
            for event, choice in form.rows
        ]
        quiet = {name: form.initial[name] for name in QUIET}
        return Response(NoticeChoicesSerializer({"events": events, **quiet}).data)

    def patch(self, request: Request) -> Response:
        """Keep what is sent; the rest stays."""
        sent: dict[str, Any] = request.data  # type: ignore[assignment]  # our parser takes objects only
        form = ChoicesForm(self._typed(sent), user=self.user)
        checked(form)
        store_preferences(self.user, ROOM, **form.as_preferences())
        return self.get(request)

    def _typed(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the form binds: everything as it is, but what was sent."""
        form = ChoicesForm(user=self.user)
        known = {event.code for event, _choice in form.rows}
        channels = data.get("channels", {})
        _refuse(data.keys() - {"channels", *QUIET}, ["channels", *QUIET])
        if not isinstance(channels, dict) or not all(isinstance(names, list) for names in channels.values()):
            raise ValidationError({"channels": [gettext("For each event a list of channels is expected.")]})
        _refuse(channels.keys() - known, sorted(known))
        quiet = {name: data.get(name, form.initial[name]) for name in QUIET}
        if wrong := [name for name, value in quiet.items() if not isinstance(value, str | None)]:
            raise ValidationError({name: [gettext("A text is expected.")] for name in wrong})
        return {**{code: form.fields[code].initial for code in known}, **channels, **quiet}

    def operation(self, method: str) -> Operation:
        """How the description shows reading and changing them."""
        if method == "patch":
            return Operation(
                id="notices_choose",
                tag=TAG,
                summary=_("Choose what you are told, and how"),
                request={"application/json": INPUT},
                response=NoticeChoicesSerializer,
                errors=CREATE_ERRORS,
            )
        return Operation(
            id="notices_choices",
            tag=TAG,
            summary=_("Read what you are told, and how"),
            response=NoticeChoicesSerializer,
            errors=LIST_ERRORS,
        )


def _refuse(unknown: set[str], possible: list[str]) -> None:
    """Raise ValidationError for names that there are not; says which there are."""
    text = gettext("There is no such name; possible: %(names)s.") % {"names": ", ".join(possible)}
    if unknown:
        raise ValidationError({name: [text] for name in unknown})


routes = [path("notices/choices/", ChoicesView.as_view(), name="notice-choices")]
