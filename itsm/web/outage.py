"""What is answered while something that the portal needs is away, full or busy: come back in a moment (503).

Pages and API ask the same function, so that no fault of a machine looks like a fault of the program.
"""

from __future__ import annotations

import errno
import sys

from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults
from psycopg2 import Error

#: Shut down, crashed, not ready yet, or with no place left for one more connection.
AWAY = {"57P01", "57P02", "57P03", "53300"}
#: Lock not available, statement timeout, deadlock: the database is busy, trying again helps.
BUSY = {"55P03", "57014", "40P01"}
#: No place left, on the database's disk or on ours.
FULL, FULL_HERE = {"53100"}, {errno.ENOSPC, errno.EDQUOT}
COME_BACK, COME_BACK_SOON, COME_BACK_LATER = ({"Retry-After": seconds} for seconds in ("10", "1", "60"))


def is_away(error: BaseException | None) -> bool:
    """Whether ``error`` says that the database cannot be reached, and not that a statement failed."""
    cause = getattr(error, "__cause__", None)
    if not isinstance(error, OperationalError | InterfaceError) or not isinstance(cause, Error):
        return False
    return cause.pgcode is None or cause.pgcode in AWAY or cause.pgcode.startswith("08")


def is_full(error: BaseException | None) -> bool:
    """Whether ``error`` says that a disk has no place left."""
    if isinstance(error, OSError):
        return error.errno in FULL_HERE
    return getattr(getattr(error, "__cause__", None), "pgcode", None) in FULL


def is_store_away(error: BaseException | None) -> bool:
    """Whether the store of uploads cannot be reached."""
    # By name: the library is loaded where there is a store.
    names = {cls.__name__ for cls in type(error).__mro__ if cls.__module__ == "botocore.exceptions"}
    return bool(names & {"ConnectionError", "HTTPClientError"})


def when_to_come_back(error: BaseException | None) -> dict[str, str] | None:
    """The headers of a 503 when trying again later helps; None: it is another matter."""
    if is_away(error):
        return COME_BACK
    if is_full(error):
        return COME_BACK_LATER
    if is_store_away(error):
        return COME_BACK
    code = getattr(getattr(error, "__cause__", None), "pgcode", None)
    return COME_BACK_SOON if isinstance(error, OperationalError) and code in BUSY else None


def is_out_of_range(error: BaseException | None) -> bool:
    """Whether ``error`` comes from a value that no column or calendar can hold: the sender's, not ours."""
    return isinstance(error, DataError | OverflowError)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page about a fault of ours; 503 with the time to come back while something is away, full or busy."""
    error = sys.exc_info()[1]
    later = when_to_come_back(error)
    if later:
        return HttpResponse(loader.render_to_string("503.html"), status=503, headers=later)
    if is_out_of_range(error):
        return HttpResponse(loader.render_to_string("400.html"), status=400)
    return defaults.server_error(request)
