"""What is answered while the database is away: come back in a moment. No page needs more than PostgreSQL to return."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults
from psycopg2 import Error

#: Shut down, crashed, not ready yet, or with no place left for one more connection.
AWAY = {"57P01", "57P02", "57P03", "53300"}
COME_BACK = {"Retry-After": "10"}


def is_away(error: BaseException | None) -> bool:
    """Whether ``error`` says that the database cannot be reached, and not that a statement failed."""
    cause = getattr(error, "__cause__", None)
    if not isinstance(error, OperationalError | InterfaceError) or not isinstance(cause, Error):
        return False
    return cause.pgcode is None or cause.pgcode in AWAY or cause.pgcode.startswith("08")


def server_error(request: HttpRequest) -> HttpResponse:
    """The page about a fault of ours; while the database is away, 503 with the time to come back."""
    if is_away(sys.exc_info()[1]):
        return HttpResponse(loader.render_to_string("503.html"), status=503, headers=COME_BACK)
    return defaults.server_error(request)
