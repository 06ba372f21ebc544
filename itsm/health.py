"""Probes for the process supervisor and the load balancer."""

import logging
from functools import cache
from http import HTTPStatus

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

logger = logging.getLogger(__name__)
REPORT_LIMIT = 2000


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers and every migration is applied, else 503. Says nothing about details."""
    reason = _not_ready()
    if reason is None:
        return JsonResponse({"status": "ok"})
    return JsonResponse({"status": reason}, status=HTTPStatus.SERVICE_UNAVAILABLE)


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log what a browser refused to load; shortened, since anybody can send anything."""
    logger.warning("Content security policy report: %s", request.read(REPORT_LIMIT).decode(errors="replace"))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _not_ready() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return None if _is_migrated() else "migrations"
    except DatabaseError:
        logger.exception("The database does not answer.")
        return "database"


def _is_migrated() -> bool:
    """Tell whether all migrations are applied; a yes is remembered, since reading all migrations is slow."""
    try:
        return _assert_migrated()
    except LookupError:
        return False


@cache
def _assert_migrated() -> bool:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise LookupError  # not cached: the next probe looks again
    return True
