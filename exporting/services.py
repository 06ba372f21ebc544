"""Making exports: asking for one, writing it, cancelling, removing what has served its time.

The row is the job (reliability.md): any worker may take one that waits, or one whose worker has not said for a minute
that it lives. A file appears under its name only when it is complete; what a killed worker left is never offered.
"""

from __future__ import annotations

import logging
import uuid
import zoneinfo
from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from exporting.models import Export
from exporting.sources import SOURCES, RefusedList, Source
from itsm.documents.cells import cell
from itsm.documents.sheets import open_sheet
from itsm.lifting import lifted
from itsm.web.paging import capped_count
from tickets import clock

State = Export.State
#: Up to so many rows a CSV file is sent at once.
SENT_AT_ONCE = 5_000
CHUNK = 1_000
#: A worker that was silent for so long is gone; tried so often, then it is given up.
SILENCE, ATTEMPTS = timedelta(seconds=60), 3
KEPT = timedelta(days=1)
#: A list may take longer than a page.
STATEMENT_TIMEOUT = "300s"
logger = logging.getLogger(__name__)


class ExportBusyError(Exception):
    """The person has an export at work already: ``export``."""

    def __init__(self, export: Export) -> None:
        super().__init__(export.pk)
        self.export = export


def folder() -> Path:
    """Where files of exports lie; outside of what is served."""
    path = Path(settings.MEDIA_ROOT) / "exports"
    path.mkdir(parents=True, exist_ok=True, mode=0o750)
    return path


def plan_export(
    *, user: User, source: str, query: QueryDict, columns: Iterable[str], file_format: str, now: datetime
) -> Export:
    """An export that is not stored yet, with its rows counted up to the limit of sending at once.

    Without columns it has the list's usual ones. Raises RefusedList, also for columns that the person is not offered,
    and PermissionDenied when this person may not take the list out of the portal.
    """
    found = SOURCES[source]
    if not found.allowed(user):
        raise PermissionDenied
    offered = found.columns(user)
    asked = list(dict.fromkeys(columns))
    if unknown := [code for code in asked if code not in offered]:
        raise RefusedList({"columns": [_("There is no such column: %(name)s.") % {"name": name} for name in unknown]})
    chosen = asked or list(found.usual)
    count, _more = capped_count(found.rows(user, query, now), SENT_AT_ONCE + 1)
    return Export(
        user=user,
        source=source,
        query=query.urlencode(),
        columns=chosen,
        format=file_format,
        language=translation.get_language() or settings.LANGUAGE_CODE,
        time_zone=user.time_zone or settings.TIME_ZONE,
        rows_total=count,
        created_at=now,
    )


def is_sent_at_once(export: Export) -> bool:
    """Whether it is small enough to be sent without a job."""
    return export.format == Export.Format.CSV and (export.rows_total or 0) <= SENT_AT_ONCE


def queue_export(export: Export) -> Export:
    """Store ``export`` as a job. Raises ExportBusyError when the person has one at work."""
    export.status, export.rows_total = State.QUEUED, None
    try:
        with transaction.atomic():
            export.save()
    except IntegrityError:
        raise ExportBusyError(Export.objects.visible_to(export.user).at_work().get()) from None
    return export


def sent_rows(export: Export) -> Iterator[list[Any]]:
    """Record ``export`` as sent and return its rows, header first; the record is completed with the last one."""
    export.status = State.SENT
    export.rows_done = 0
    export.save()
    return _sent(export)


def _sent(export: Export) -> Iterator[list[Any]]:
    with as_asked(export):
        for row in rows_of(export):
            yield row
            export.rows_done += 1
        Export.objects.filter(pk=export.pk).update(
            rows_done=export.rows_done - 1, rows_total=export.rows_done - 1, finished_at=clock.now()
        )


class as_asked:  # noqa: N801 - reads as a sentence
    """The language and time zone in which an export was asked for."""

    def __init__(self, export: Export) -> None:
        self._parts = [translation.override(export.language), timezone.override(zoneinfo.ZoneInfo(export.time_zone))]

    def __enter__(self) -> None:
        for part in self._parts:
            part.__enter__()  # type: ignore[attr-defined]

    def __exit__(self, *error: Any) -> None:
        for part in reversed(self._parts):
            part.__exit__(*error)  # type: ignore[attr-defined]


def keys_of(export: Export) -> array[int]:
    """The keys of all rows of the list at this moment, in its order: complete, however rows move meanwhile."""
    source = SOURCES[export.source]
    user = User.objects.with_access().get(pk=export.user_id)
    found = source.rows(user, QueryDict(export.query), clock.now())
    return array("q", found.values_list("pk", flat=True).iterator(chunk_size=20_000))


def rows_of(export: Export, keys: array[int] | None = None) -> Iterator[list[Any]]:
    """The header, then the rows as cells. What its owner does not see any more is left out."""
    source = SOURCES[export.source]
    user = User.objects.with_access().get(pk=export.user_id)
    keys = keys_of(export) if keys is None else keys
    offered = source.columns(user)
    columns = [offered[code] for code in export.columns if code in offered]
    yield [cell(str(column.label)) for column in columns]
    for start in range(0, len(keys), CHUNK):
        for row in _chunk(source, user, export.columns, keys[start : start + CHUNK]):
            yield [cell(column.value(row)) for column in columns]


def _chunk(source: Source, user: User, columns: list[str], keys: array[int]) -> Iterator[Any]:
    found = {row.pk: row for row in source.load(user, columns).filter(pk__in=list(keys))}
    return (found[key] for key in keys if key in found)


def run_export(pk: int) -> bool:
    """Write the export with ``pk`` when it waits or its worker is gone; return whether this call wrote it.

    Safe to call any number of times and from any number of workers: one gets it.
    """
    worker = str(uuid.uuid4())
    if not _claim(pk, worker):
        return False
    export = Export.objects.select_related("user").get(pk=pk)
    part = folder() / f"{worker}.part"
    try:
        with as_asked(export), lifted(statement_timeout=STATEMENT_TIMEOUT):
            return _write(export, worker, part)
    except RefusedList:
        _finish(export, worker, State.FAILED)
    except Exception:
        _give_back(export, worker)
        raise
    finally:
        part.unlink(missing_ok=True)
    return False


def _claim(pk: int, worker: str) -> bool:
    now = clock.now()
    gone = Q(status=State.RUNNING, heartbeat_at__lt=now - SILENCE)
    found = Export.objects.filter(Q(status=State.QUEUED) | gone, pk=pk)
    if found.filter(attempts__gte=ATTEMPTS).update(status=State.FAILED, finished_at=now, worker=""):
        return False
    return bool(
        found.update(status=State.RUNNING, worker=worker, heartbeat_at=now, rows_done=0, attempts=F("attempts") + 1)
    )


def _write(export: Export, worker: str, part: Path) -> bool:
    keys = keys_of(export)
    Export.objects.filter(pk=export.pk, worker=worker).update(rows_total=len(keys))
    sheet, count = open_sheet(part, export.format), -1
    try:
        for row in rows_of(export, keys):
            sheet.write(row)
            count += 1
            if count % CHUNK == 0 and not _still_mine(export, worker, count):
                return False
    finally:
        sheet.close()
    if not _still_mine(export, worker, count):
        return False
    name = f"{worker}.{export.format}"
    size = part.stat().st_size
    put_away(part, name)
    if _finish(export, worker, State.READY, file=name, size=size, rows_done=count):
        return True
    remove(name)
    return False


def put_away(part: Path, name: str) -> None:
    """Keep the finished ``part`` where every machine finds it."""
    if not settings.UPLOADS_BUCKET:
        part.rename(folder() / name)
        return
    with part.open("rb") as content:
        default_storage.save(f"exports/{name}", File(content))


def opened(name: str) -> IO[bytes]:
    """The kept file. Raises FileNotFoundError."""
    if not settings.UPLOADS_BUCKET:
        return (folder() / name).open("rb")
    return cast(IO[bytes], default_storage.open(f"exports/{name}"))


def remove(name: str) -> None:
    """Nobody needs it any more."""
    if settings.UPLOADS_BUCKET:
        default_storage.delete(f"exports/{name}")
    else:
        (folder() / name).unlink(missing_ok=True)


def _still_mine(export: Export, worker: str, count: int) -> bool:
    """Say that this worker lives; False when the export was cancelled or another worker has it now."""
    mine = Export.objects.filter(pk=export.pk, status=State.RUNNING, worker=worker)
    return bool(mine.update(heartbeat_at=clock.now(), rows_done=max(count, 0)))


def _finish(export: Export, worker: str, state: str, **values: Any) -> bool:
    mine = Export.objects.filter(pk=export.pk, status=State.RUNNING, worker=worker)
    return bool(mine.update(status=state, finished_at=clock.now(), worker="", **values))


def _give_back(export: Export, worker: str) -> None:
    """After an error: another worker may try, unless it was tried often enough."""
    logger.exception("Export %s failed", export.pk)
    mine = Export.objects.filter(pk=export.pk, status=State.RUNNING, worker=worker)
    if mine.filter(attempts__gte=ATTEMPTS).update(status=State.FAILED, finished_at=clock.now(), worker=""):
        return
    mine.update(status=State.QUEUED, worker="")


def waiting_exports(now: datetime) -> QuerySet[Export]:
    """Exports that nobody writes: not begun, or begun by a worker that is gone."""
    gone = Q(status=State.RUNNING, heartbeat_at__lt=now - SILENCE)
    return Export.objects.filter(Q(status=State.QUEUED) | gone).order_by("created_at")


def cancel_export(export: Export) -> bool:
    """Stop ``export``; whoever writes it notices within a thousand rows. Return whether there was anything to stop."""
    found = Export.objects.filter(pk=export.pk).at_work()
    return bool(found.update(status=State.CANCELLED, finished_at=clock.now(), worker=""))


def purge_exports(*, now: datetime) -> int:
    """Remove files older than a day, and parts that nobody writes any more; the rows stay. Return how many files."""
    old = Export.objects.filter(status=State.READY, finished_at__lt=now - KEPT)
    names = list(old.values_list("file", flat=True))
    for name in names:
        remove(name)
    old.filter(file__in=names).update(status=State.REMOVED, file="")
    limit = (now - KEPT).timestamp()
    for part in folder().glob("*.part"):
        if part.stat().st_mtime < limit:
            part.unlink(missing_ok=True)
    return len(names)


def message_busy() -> str:
    """What a person is told who has one at work."""
    return _("Your last export is still being written. Wait for it, or cancel it.")
