"""Refusals that DRF has no name for. Apart from what they mean, because parsers are loaded before views."""

from __future__ import annotations

from rest_framework import exceptions, status


class PayloadTooLarge(exceptions.APIException):
    """The body exceeds what is read into memory."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class KeyInUse(exceptions.APIException):
    """A request with the same idempotency key is still at work."""

    status_code = status.HTTP_409_CONFLICT


class KeyReused(exceptions.APIException):
    """The idempotency key came with another request before."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


class Overtaken(exceptions.APIException):
    """Somebody else was faster: what was to be changed is not there any more."""

    status_code = status.HTTP_409_CONFLICT
