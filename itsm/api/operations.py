"""How the description of the API shows an endpoint: declared beside the view that answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter

if TYPE_CHECKING:
    from django.utils.functional import Promise

    Text = str | Promise

READ_ERRORS = (400, 401, 403, 404, 406, 429)
LIST_ERRORS = tuple(code for code in READ_ERRORS if code != 404)
CREATE_ERRORS = (400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 503)
ACT_ERRORS = (*CREATE_ERRORS, 412)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description=_(
        "Makes repeating safe: within 24 hours the same key gets the first answer again, marked "
        "Idempotency-Replayed. The same key with another request is refused with 422."
    ),
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "maxLength": 200},
    OpenApiParameter.HEADER,
    description=_("The ETag that was read. When the ticket changed since, nothing happens and 412 says what changed."),
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    {"type": "string", "maxLength": 200},
    OpenApiParameter.HEADER,
    description=_("The ETag that was read. When nothing changed since, the answer is 304 without content."),
)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one address. ``response``: a serializer, a schema, or None for no content."""

    id: str
    tag: Text
    summary: Text
    description: Text = ""
    response: Any = None
    status: int = 200
    media_type: str = "application/json"
    other_types: tuple[str, ...] = ()
    request: Any = None
    errors: tuple[int, ...] = READ_ERRORS
    parameters: tuple[OpenApiParameter, ...] = ()
    path: dict[str, dict[str, Any]] = field(default_factory=dict)
    etag: bool = False
    unchanged: bool = False
    also: tuple[int, ...] = ()
