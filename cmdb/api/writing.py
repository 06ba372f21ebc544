"""Writing items by the API: what a request says, under which stamp, and what a refusal means."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from cmdb.api.shapes import KEY, TAG, Conflict, ItemFactsSerializer
from cmdb.inputs import read_identifier
from cmdb.services import Clash, NotAllowed, NotYet, Stamp
from cmdb.versioning.moments import MomentError, read_moment
from itsm.api.form_input import unknown
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation

#: On what ground something is written, as a request names it.
GROUND: dict[str, Any] = {
    "change": {"type": "string", "maxLength": 60, "description": "Number of the approved change."},
    "correction": {"type": "boolean", "description": "A correction by the configuration manager."},
    "reason": {"type": "string", "maxLength": 500},
    "since": {"type": "string", "format": "date-time", "description": "From when it is so, unless from now on."},
}
STAMPS = tuple(GROUND)


def read_body(request: Request, user: Any, *, with_identifier: bool = False) -> tuple[dict[str, Any], Stamp]:
    """What a request wants to write, by name, and under which stamp. Raises ValidationError."""
    body = dict(request.data)
    attributes = body.pop("attributes", {})
    if not isinstance(attributes, dict):
        raise ValidationError({"attributes": [_("An object is expected.")]})
    stamp = stamp_of({name: body.pop(name) for name in STAMPS if name in body}, user)
    columns = ("name", "ci_class", "status", "business_system", "organisation", "default_group")
    known = {*columns, *(("identifier",) if with_identifier else ())}
    wrong = unknown(body, known)
    wrong |= {
        name: [_("A text is expected.")]
        for name, value in body.items()
        if name in known and value is not None and not isinstance(value, str)
    }
    wrong |= {name: [_("There is no such attribute.")] for name in attributes if name in known}
    if wrong:
        raise ValidationError(wrong)
    return {**body, **attributes}, stamp


def stamp_of(given: dict[str, Any], user: Any) -> Stamp:
    """The ground that a request names. Raises ValidationError."""
    texts = {name: given.get(name) or "" for name in ("change", "reason")}
    wrong = {name: [_("A text is expected.")] for name, value in texts.items() if not isinstance(value, str)}
    if not isinstance(given.get("correction", False), bool):
        wrong["correction"] = [_("True or false is expected.")]
    if wrong:
        raise ValidationError(wrong)
    return Stamp(
        by=user,
        source="api",
        change=texts["change"][:60],
        reason=texts["reason"][:500],
        correction=given.get("correction", False),
        since=_since(given.get("since")),
    )


def _since(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        return read_moment({"as_of": str(text)}).as_of
    except MomentError as error:
        raise ValidationError({"since": [str(error)]}) from error


def identifier_of(given: Any) -> str:
    try:
        return read_identifier(given)
    except Refused as error:
        raise ValidationError({"identifier": list(error.messages)}) from error


def written(write: Any) -> Any:
    """What ``write`` gives. Raises ValidationError, Conflict."""
    try:
        return write()
    except Clash as error:
        raise ValidationError({error.field or "identifier": [error.said]}) from error
    except NotYet as error:
        raise ValidationError({"since": [str(error)]}) from error
    except NotAllowed as error:
        if error.field:
            raise ValidationError({error.field: [str(error)]}) from error
        raise Conflict(str(error)) from error


def writing(
    name: str, summary: Any, *, with_identifier: bool = False, status: int = 200, response: Any = ItemFactsSerializer
) -> Operation:
    text: dict[str, Any] = {"type": "string", "maxLength": 200}
    properties: dict[str, Any] = {
        **({"identifier": KEY} if with_identifier else {}),
        **dict.fromkeys(("name", "ci_class", "status", "business_system", "organisation", "default_group"), text),
        "attributes": {"type": "object", "additionalProperties": True},
        **GROUND,
    }
    required = ["identifier", "name", "ci_class", "status"] if with_identifier else []
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return Operation(
        id=name,
        tag=TAG,
        summary=summary,
        request={"application/json": schema | ({"required": required} if required else {})},
        response=response,
        status=status,
        errors=CREATE_ERRORS,
        path={} if with_identifier else {"key": KEY},
        parameters=(IDEMPOTENCY_KEY,),
    )
