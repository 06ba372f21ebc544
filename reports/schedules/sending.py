"""Sending what is due: once per time, to each reader what that reader sees then, through the outbox; all of it logged.

A run and its sendings are stored first, in one transaction with the next time. Whoever works off a sending after
that may be killed: another one finds it waiting.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from exporting.sources import RefusedList
from notifications.events import Event, register_event
from notifications.models import Notice
from notifications.sending.claiming import obsolete_checks
from notifications.services import give_notice
from notifications.texts import spoken_to
from reports.schedules.content import (
    CONTENT_TYPES,
    Content,
    Format,
    TooBig,
    board_content,
    list_of,
    values_text,
)
from reports.schedules.models import Schedule, ScheduleRun, Sending
from reports.schedules.rhythm import occurrences
from sla.boards import may_see_board
from tickets.figures.people import people_refused
from tickets.models import Ticket

Note, State, Reason = ScheduleRun.Note, Sending.State, Sending.Reason
#: Made later than this after its time, a report is marked late.
LATE_AFTER = timedelta(minutes=15)
#: Of times that passed while the portal did not run so many are sent; boards only, lists are as of now.
MOST_AT_ONCE = 31
#: A file that is bigger goes as a link (bytes); tried so often a sending is given up; so long a file is kept.
BIGGEST, ATTEMPTS, KEPT = 5_000_000, 3, timedelta(days=60)
KEY = "scheduled_report:"
#: Of a list, the keys of the tickets in its file: beside the figures of boards.
TICKETS = "tickets"
logger = logging.getLogger(__name__)

register_event(
    Event(
        code="scheduled_report",
        label=gettext_lazy("A scheduled report is sent to you"),
        subject=gettext_lazy("Report: {summary}"),
        body="{text}",
        icon="report",
        presses=False,
    ),
    Event(
        code="schedule_stopped",
        label=gettext_lazy("A report that you scheduled is not sent any more"),
        subject=gettext_lazy("Not sent any more: {summary}"),
        body="{text}",
        icon="report-off",
        presses=False,
    ),
)


def send_due(now: datetime) -> int:
    """Begin what is due and work off what waits; how many sendings were worked off. Safe to run at once and twice."""
    for pk in Schedule.objects.filter(next_at__lte=now).order_by("next_at").values_list("pk", flat=True):
        begin_run(pk, now)
    waiting = Sending.objects.filter(state=State.WAITING).order_by("pk").values_list("pk", flat=True)
    return sum(send_one(pk, now) for pk in list(waiting))


@transaction.atomic
def begin_run(pk: int, now: datetime) -> None:
    """Store the runs of every time of a schedule that has come, whom they are for, and its next time."""
    found = Schedule.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk, next_at__lte=now)
    schedule = found.select_related("owner", "view", "board").first()
    if schedule is None or schedule.next_at is None:
        return
    passed = []
    for day, moment in occurrences(schedule, schedule.next_at - timedelta(microseconds=1)):
        if moment > now:
            schedule.next_at = moment
            break
        passed.append((day, moment))
    made = len(passed) - (1 if schedule.view_id else MOST_AT_ONCE)
    note = Note.LOST if schedule.is_lost else Note.LEFT if not schedule.owner.is_active else ""
    readers = [] if note else readers_of(schedule)
    note = note or ("" if readers else Note.NOBODY)
    for place, (day, moment) in enumerate(passed):
        run, is_new = ScheduleRun.objects.get_or_create(
            schedule=schedule,
            day=day,
            defaults={
                "due_at": moment,
                "run_at": now,
                "is_late": now - moment > LATE_AFTER,
                "note": Note.MISSED if place < made and not note else note,
            },
        )
        if is_new and not run.note:
            Sending.objects.bulk_create(Sending(run=run, reader_id=reader) for reader in readers)
    if note in (Note.LOST, Note.LEFT):
        schedule.next_at, schedule.ended_at = None, now
        with spoken_to(schedule.owner.language):
            _say_stopped(schedule, str(Note(note).label), now)
    schedule.save(update_fields=["next_at", "ended_at"])


def readers_of(schedule: Schedule) -> list[int]:
    """Keys of those it is for now: whoever has the role, or whoever made it."""
    if schedule.role_id is None:
        return [schedule.owner_id]
    found = User.objects.active().filter(roles=schedule.role_id).order_by("pk")
    return list(found.values_list("pk", flat=True))


def send_one(pk: int, now: datetime) -> bool:
    """Make and tell what waits for one reader; False when another worker has it. Never raises for its content."""
    try:
        with transaction.atomic():
            rows = Sending.objects.select_for_update(of=("self",), skip_locked=True)
            sending = (
                rows.select_related("run__schedule__view", "run__schedule__board")
                .filter(pk=pk, state=State.WAITING)
                .first()
            )
            if sending is None:
                return False
            _send(sending, now)
    except Exception:
        logger.exception("Scheduled report %s cannot be made", pk)
        _count_failure(pk)
    return True


def _count_failure(pk: int) -> None:
    sending = Sending.objects.get(pk=pk)
    sending.attempts += 1
    if sending.attempts >= ATTEMPTS:
        sending.state, sending.reason = State.FAILED, Reason.BROKEN
    sending.save(update_fields=["attempts", "state", "reason"])


def refusal(schedule: Schedule, reader: User) -> str:
    """Why ``reader`` gets nothing of it; empty when nothing is in the way."""
    if not reader.is_active:
        return Reason.NOT_ACTIVE
    if schedule.view_id:
        return "" if reader.is_agent else Reason.NO_LISTS
    if not may_see_board(reader):
        return Reason.NO_BOARDS
    asked = schedule.board.query if schedule.board else schedule.query
    return Reason.NO_PEOPLE if people_refused(reader, asked.getlist("assignee")) else ""


def _send(sending: Sending, now: datetime) -> None:
    schedule = sending.run.schedule
    reader = User.objects.with_access().get(pk=sending.reader_id)
    reason = refusal(schedule, reader)
    with spoken_to(reader.language, reader.time_zone or schedule.zone):
        content = None if reason else _content(sending, schedule, reader, now)
        if content is None:
            _refuse(sending, schedule, reason or sending.reason, now)
            return
        _keep(sending, content, now)
        _tell(sending, schedule, reader, content, now)


def _content(sending: Sending, schedule: Schedule, reader: User, now: datetime) -> Content | None:
    """What is sent; None, with the reason in ``sending``, when nothing can be."""
    form: str = schedule.format
    if form != Format.LINK and not reader.may(Permission.EXPORT):
        form, sending.reason = Format.LINK, Reason.NO_EXPORT
    try:
        content = _made(sending, schedule, reader, now, form)
        if content.data and len(content.data) > BIGGEST:
            raise TooBig(str(len(content.data)))
    except TooBig:
        sending.reason = Reason.TOO_BIG
        content = _made(sending, schedule, reader, now, Format.LINK)
    except RefusedList:
        sending.reason = Reason.UNREADABLE
        return None
    return content


def _made(sending: Sending, schedule: Schedule, reader: User, now: datetime, form: str) -> Content:
    if schedule.view_id:
        return list_of(schedule, reader, now, form)
    return board_content(schedule, reader, sending.run.due_at, now, form)


def _keep(sending: Sending, content: Content, now: datetime) -> None:
    sending.state, sending.sent_at, sending.path = State.SENT, now, content.path
    sending.rows, sending.query = content.rows, content.query
    sending.values = {TICKETS: content.keys} if content.keys else content.values
    sending.known_at = content.known_at
    if content.data is not None:
        name = f"scheduled/{uuid.uuid4()}.{sending.run.schedule.format}"
        sending.file = default_storage.save(name, ContentFile(content.data))
        sending.size, sending.digest = len(content.data), hashlib.sha256(content.data).hexdigest()
    sending.save()


def _tell(sending: Sending, schedule: Schedule, reader: User, content: Content, now: datetime) -> None:
    parts = [content.text, values_text(content.values), sending.get_reason_display()]
    payload: dict[str, Any] = {
        "summary": schedule.name,
        "text": "\n\n".join(part for part in parts if part),
        "path": content.path,
    }
    if sending.file:
        payload["attachment"] = {
            "name": filename_of(sending),
            "file": sending.file,
            "type": CONTENT_TYPES[schedule.format],
        }
    give_notice(
        key=f"{KEY}{sending.pk}",
        event="scheduled_report",
        ticket=None,
        recipients=[reader],
        urgent=False,
        at=now,
        due_at=sending.run.due_at,
        payload=payload,
        rooms=False,
    )


def filename_of(sending: Sending) -> str:
    """The name under which the file is saved."""
    run = sending.run
    return f"{run.schedule.name}-{run.day:%Y-%m-%d}.{sending.file.rpartition('.')[2]}"


def _refuse(sending: Sending, schedule: Schedule, reason: str, now: datetime) -> None:
    """Nothing is sent. Whoever scheduled it for themselves is told once, and it rests."""
    sending.state, sending.reason = State.REFUSED, reason
    sending.save(update_fields=["state", "reason"])
    if schedule.role_id is None:
        Schedule.objects.filter(pk=schedule.pk).update(next_at=None)
        _say_stopped(schedule, str(Reason(reason).label), now)


def _say_stopped(schedule: Schedule, why: str, now: datetime) -> None:
    give_notice(
        key=f"schedule_stopped:{schedule.pk}:{now:%Y-%m-%dT%H:%M}",
        event="schedule_stopped",
        ticket=None,
        recipients=[schedule.owner_id],
        urgent=False,
        at=now,
        payload={"summary": schedule.name, "text": why, "path": reverse("reports:schedule", args=[schedule.pk])},
        rooms=False,
    )


def is_not_allowed_any_more(notice: Notice) -> bool:
    """Whether a report that has waited, as over a night, is for somebody who may not have it any more."""
    if not notice.key.startswith(KEY):
        return False
    sending = Sending.objects.select_related("run__schedule").filter(pk=notice.key.removeprefix(KEY)).first()
    if sending is None:
        return False
    reader = User.objects.with_access().get(pk=sending.reader_id)
    return bool(refusal(sending.run.schedule, reader)) or _shows_too_much(sending, reader)


def _shows_too_much(sending: Sending, reader: User) -> bool:
    """Whether the file has a ticket that ``reader`` does not see any more."""
    keys = sending.values.get(TICKETS, []) if sending.file and sending.run.schedule.view_id else []
    return bool(keys) and Ticket.objects.visible_to(reader).filter(pk__in=keys).count() < len(keys)


obsolete_checks.append(is_not_allowed_any_more)


def remove_old_files(now: datetime) -> int:
    """Remove files that have served their time; the rows stay as the record. How many."""
    old = Sending.objects.filter(sent_at__lt=now - KEPT).exclude(file="")
    for sending in old:
        default_storage.delete(sending.file)
        Sending.objects.filter(pk=sending.pk).update(file="")
    return len(old)
