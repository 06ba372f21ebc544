"""Where discovery and monitoring say what they see: many things at once, as often as they like (CMDB-08)."""

from __future__ import annotations

import re
from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import TAG
from cmdb.authority import may_edit
from cmdb.sources.ranking import refused_name
from cmdb.transfer.discovery import MOST, take_in
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView

#: As `Sighting.scan`.
LONGEST_SCAN = 80
_SOURCE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_THING = {
    "type": "object",
    "properties": {
        "key": {"type": "string", "minLength": 1, "maxLength": 200, "description": "What the source calls it."},
        "values": {"type": "object", "additionalProperties": True, "description": "name and attributes, by code."},
    },
    "required": ["key", "values"],
    "additionalProperties": False,
}
_BODY = {
    "type": "object",
    "properties": {
        "source": {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,39}$"},
        "scan": {
            "type": "string",
            "maxLength": LONGEST_SCAN,
            "description": "The scan of which this is a part, when it comes in several requests.",
        },
        "complete": {
            "type": "boolean",
            "description": "These, with what else came of this scan, are all it sees: others are marked as gone.",
        },
        "items": {"type": "array", "items": _THING, "minItems": 1, "maxItems": MOST},
    },
    "required": ["source", "items"],
    "additionalProperties": False,
}


class DiscoveredSerializer(serializers.Serializer):
    """What became of one thing."""

    key = serializers.CharField()
    result = serializers.CharField(
        help_text="matched, or unknown, several, retired (these wait for a person); out: none of ours, as one said."
    )
    identifier = serializers.CharField(help_text="The item that it is.")
    taken = serializers.ListField(child=serializers.CharField(), help_text="Fields that were taken over.")
    waiting = serializers.ListField(child=serializers.CharField(), help_text="Fields that wait for a decision.")
    claimed = serializers.ListField(
        child=serializers.CharField(), help_text="Fields that a stronger source holds: kept beside, not written."
    )
    wrong = serializers.DictField(source="errors", child=serializers.ListField(child=serializers.CharField()))


class DiscoveredView(ApiView):
    """Takes in what a source sees."""

    http_method_names: tuple[str, ...] = ("post", "options")
    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE

    def post(self, request: Request) -> Response:
        """Match each thing and take over what is observed."""
        if not (may_edit(self.user) and self.user.may(Permission.CMDB_VIEW)):
            raise PermissionDenied
        return answer_once(request, lambda: self._take(request))

    def _take(self, request: Request) -> Response:
        body = dict(request.data)
        source, complete, things = body.pop("source", ""), body.pop("complete", False), body.pop("items", None)
        scan = body.pop("scan", "")
        errors = unknown(body, ())
        if not (isinstance(source, str) and _SOURCE.fullmatch(source)):
            errors["source"] = [_("Small letters, digits, _ and -, at most 40.")]
        elif no := refused_name(source, discovers=True):
            errors["source"] = [no]
        if not isinstance(complete, bool):
            errors["complete"] = [_("True or false is expected.")]
        if not isinstance(scan, str) or len(scan) > LONGEST_SCAN or "\0" in scan:
            errors["scan"] = [_("At most %(count)d characters.") % {"count": LONGEST_SCAN}]
        if reason := _wrong(things):
            errors["items"] = [reason]
        if errors:
            raise ValidationError(errors)
        answers = take_in(source=source, things=things, user=self.user, complete=complete, scan=scan)
        return Response({"results": DiscoveredSerializer(answers, many=True).data})

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_discovered",
            tag=TAG,
            summary=_("Say what discovery sees"),
            description=_(
                "Things are matched by serial number, address and name; a name alone is never enough. Observed values "
                "are taken over, controlled ones wait for a decision. Sending the same again changes nothing."
            ),
            request={"application/json": _BODY},
            response=list_serializer(DiscoveredSerializer),
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


def _wrong(things: Any) -> str:
    """What is wrong with the list; empty when nothing is."""
    if not isinstance(things, list) or not 1 <= len(things) <= MOST:
        return _("A list of 1 to %(count)d things is expected.") % {"count": MOST}
    for thing in things:
        if not isinstance(thing, dict) or thing.keys() != {"key", "values"} or not isinstance(thing["values"], dict):
            return _("Each thing has a key and values.")
        if not isinstance(thing["key"], str) or not 0 < len(thing["key"]) <= 200:
            return _("Each thing has a key and values.")
        if any(isinstance(value, dict | list) for value in thing["values"].values()):
            return _("Values are texts, numbers, true or false.")
        if {"ci_class", "status"} & thing["values"].keys():
            return _("Class and status are decided here, not seen.")
    keys = [thing["key"] for thing in things]
    return _("A key occurs twice.") if len(set(keys)) < len(keys) else ""


routes = [path("items/discovered/", DiscoveredView.as_view(), name="items-discovered")]
