"""Probes for the process supervisor and the load balancer."""

import json
import logging
import shutil
from functools import cache as remembered
from http import HTTPStatus

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist, loader
from django.templatetags.static import static
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.limits import take_from_bucket

logger = logging.getLogger(__name__)
#: What is read of a report, how many are taken in a minute from everybody together, how much of a value is logged.
REPORT_BYTES, REPORTS_A_MINUTE, VALUE_LIMIT = 16_384, 30, 200
#: What a report says that helps; everything else is not logged.
REPORT_NAMES = (
    "effective-directive",
    "violated-directive",
    "blocked-uri",
    "document-uri",
    "source-file",
    "line-number",
)
#: The Chinese texts; without them every page would speak English.
COMPILED = settings.BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.mo"
#: Less than this left on the disk of uploads and logs, and nothing more can be taken in.
LEAST_BYTES = 32 * 1024 * 1024


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when people can sign in: database, migrations, built files, place on the disk; else 503, which says
    what is missing in one word.
    """
    reason = _not_ready()
    if reason is None:
        return JsonResponse({"status": "ok"})
    return JsonResponse({"status": reason}, status=HTTPStatus.SERVICE_UNAVAILABLE)


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log what a browser refused to load: a few known values, and not more of them than anybody reads.

    Anybody can send anything here, so the log gets no text as it came: JSON escapes what speaks to a terminal.
    """
    values = _reported(request.read(REPORT_BYTES))
    if values and take_from_bucket("csp-report", REPORTS_A_MINUTE) is None:
        logger.warning("Content security policy report: %s", json.dumps(values))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _reported(body: bytes) -> dict[str, str]:
    """The known values of a report, without queries of addresses, which may hold what is nobody's business."""
    try:
        report = json.loads(body).get("csp-report", {})
        found = {name: report.get(name) for name in REPORT_NAMES}
    except (ValueError, AttributeError, RecursionError):
        return {}
    return {
        name: str(value).partition("?")[0][:VALUE_LIMIT]
        for name, value in found.items()
        if isinstance(value, str | int) and value != ""
    }


def _draws() -> bool:
    """Whether the sign-in page can be drawn: styles and texts are built, the cache table is there."""
    try:
        cache.get("healthz")
        loader.get_template("account/login.html")
        return bool(static("app.css") and static("icons.svg")) and COMPILED.exists()
    except (ValueError, TemplateDoesNotExist):
        return False


def _not_ready() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_migrated():
            return "migrations"
        if not _draws():
            return "files"
        return "disk" if shutil.disk_usage(settings.DATA_DIR).free < LEAST_BYTES else None
    except DatabaseError:
        logger.exception("The database does not answer.")
        return "database"


def _is_migrated() -> bool:
    """Tell whether all migrations are applied; a yes is remembered, since reading all migrations is slow."""
    try:
        return _assert_migrated()
    except LookupError:
        return False


@remembered
def _assert_migrated() -> bool:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise LookupError  # not cached: the next probe looks again
    return True
