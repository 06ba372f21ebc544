"""Refusals as RFC 9457 problem details. Apps say what their errors mean with ``@problem_of.register``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DataError
from django.http import Http404
from django.utils.encoding import escape_uri_path, force_str
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from itsm.web.outage import when_to_come_back

CONTENT_TYPE = "application/problem+json"
#: The name under which ``errors`` holds what belongs to no field.
NO_FIELD = "non_field_errors"
logger = logging.getLogger(__name__)

#: Status: (code, title). The code is an anchor in the documentation.
KINDS: dict[int, tuple[str, Any]] = {
    400: ("invalid", _("The request is not valid")),
    401: ("not-authenticated", _("Sign in or send a valid token")),
    403: ("forbidden", _("You may not do this")),
    404: ("not-found", _("There is no such thing")),
    405: ("method-not-allowed", _("This method is not allowed here")),
    406: ("not-acceptable", _("Only JSON is available")),
    409: ("conflict", _("This is not possible now")),
    412: ("changed", _("The ticket changed since you read it")),
    413: ("too-large", _("The request is too large")),
    415: ("unsupported-media-type", _("This content type is not supported")),
    422: ("key-reused", _("This idempotency key belongs to another request")),
    429: ("too-many-requests", _("Too many requests")),
    500: ("internal", _("Something went wrong on our side")),
    503: ("busy", _("The portal is busy")),
}


@dataclass
class Problem:
    """A refusal: ``errors`` by field, ``extra`` further members, ``headers`` of the response."""

    status: int
    detail: Any = ""
    errors: Mapping[str, list[str]] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def as_body(self, path: str) -> dict[str, Any]:
        """The members of the problem document."""
        code, title = KINDS.get(self.status, KINDS[400])
        body = {
            "type": f"/api/v1/docs/#{code}",
            "title": str(title),
            "status": self.status,
            "detail": str(self.detail or title),
            "instance": escape_uri_path(path),
        }
        return body | ({"errors": dict(self.errors)} if self.errors is not None else {}) | self.extra


@singledispatch
def problem_of(error: Exception, request: Request) -> Problem | None:
    """What ``error`` means to whoever sent ``request``; None: a fault of ours."""
    later = when_to_come_back(error)
    return Problem(503, headers=later) if later else None


@problem_of.register
def _of_refusal(error: exceptions.APIException, request: Request) -> Problem:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None) is not None:
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    if isinstance(error, exceptions.ValidationError):
        return Problem(400, errors=_by_field(error.detail), headers=headers)
    return Problem(error.status_code, force_str(error.detail), headers=headers)


@problem_of.register
def _of_missing(error: Http404, request: Request) -> Problem:
    return Problem(404)


@problem_of.register
def _of_denial(error: PermissionDenied, request: Request) -> Problem:
    return Problem(403)


@problem_of.register
def _of_suspicion(error: SuspiciousOperation, request: Request) -> Problem:
    return Problem(413 if isinstance(error, RequestDataTooBig) else 400)


@problem_of.register
def _of_bad_data(error: DataError | OverflowError, request: Request) -> Problem:
    return Problem(400, _("A value is out of range."))


def _by_field(detail: Any) -> dict[str, list[str]]:
    if isinstance(detail, dict):
        return {name: [force_str(text) for text in texts] for name, texts in detail.items()}
    return {NO_FIELD: [force_str(text) for text in detail]}


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: any error as a problem document; a fault of ours is logged and says nothing."""
    request = context["request"]
    set_rollback()
    problem = problem_of(error, request)
    if problem is None:
        logger.exception("API request failed: %s %s", request.method, request.path, exc_info=error)
        got_request_exception.send(sender=None, request=request._request)
        problem = Problem(500, gettext("It was logged. Try again later."))
    return response_of(problem, request)


def response_of(problem: Problem, request: Request) -> Response:
    """The response that carries ``problem``."""
    body = problem.as_body(request.path)
    return Response(body, status=problem.status, headers=problem.headers, content_type=CONTENT_TYPE)
