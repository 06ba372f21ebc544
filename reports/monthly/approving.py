"""Who approves a service report: nobody who wrote on it; it waits in "to decide" of the others, and they are told."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.codes import in_both
from accounts.models import User
from accounts.permissions import Permission
from approvals.beside import Beside, register_beside
from approvals.services import accounts_of, same_person
from notifications.events import Event, register_event
from notifications.services import give_notice
from notifications.texts import named
from reports.models import ReportEntry, ServiceReport
from sla.boards import may_see_board

What = ReportEntry.What
#: Whoever did one of these wrote on the report.
WRITING = (What.EDITED, What.COUNTED, What.TRANSLATED, What.CORRECTED)

register_event(
    Event(
        code="service_report_asked",
        label=_("A service report waits for your approval"),
        subject=_("Service report to approve: {summary}"),
        body=_("{text}\n\nRead it, and approve or correct it, signed in:\n{link}"),
        icon="gavel",
        presses=False,
    ),
    Event(
        code="service_report_returned",
        label=_("A service report was sent back"),
        subject=_("Sent back: {summary}"),
        body=_("{actor}: {text}\n\nMend it, signed in; then it waits for approval again:\n{link}"),
        icon="arrow-back-up",
        presses=False,
    ),
)


def log(report: ServiceReport, what: str, user: User | None, now: datetime, reason: str = "") -> None:
    """Add a line to the log of ``report``."""
    ReportEntry.objects.create(report=report, what=what, actor=user, at=now, reason=reason)


def writers_of(report: ServiceReport) -> frozenset[int]:
    """Keys of everybody who wrote on it since it was made, by any of their accounts."""
    wrote = Q(pk__in=report.log.filter(what__in=WRITING).values("actor")) | Q(pk=report.edited_by_id)
    return accounts_of(User.objects.filter(wrote))


def may_write(user: User) -> bool:
    """Who works on service reports at all: writes, counts anew, sends, corrects."""
    return user.may(Permission.APPROVE_REPORTS) and may_see_board(user)


def may_approve(report: ServiceReport, user: User) -> bool:
    """Whether ``user`` may approve it: the right to, and nothing of it written."""
    return may_write(user) and user.pk not in writers_of(report)


def approvers_of(report: ServiceReport) -> list[User]:
    """Everybody who may approve it."""
    wrote = writers_of(report)
    return [one for one in _able() if one.pk not in wrote]


def _able() -> list[User]:
    people = User.objects.active().holding(Permission.APPROVE_REPORTS).order_by("pk")
    return [one for one in people if may_see_board(one)]


def ask_to_approve(report: ServiceReport, user: User | None, now: datetime, reason: str) -> None:
    """Tell everybody who may approve it that it waits, and what was done last; once for each line of its log."""
    done = report.log.latest("pk")
    said = in_both(lambda: str(done.get_what_display()))
    give_notice(
        key=f"service_report_asked:{report.pk}:{report.log.count()}",
        event="service_report_asked",
        ticket=None,
        recipients=[one for one in approvers_of(report) if user is None or one.pk != user.pk],
        urgent=False,
        at=now,
        payload={"summary": str(report), "path": report.get_absolute_url(), "text": _with_reason(said, reason)},
        rooms=False,
    )


def tell_returned(report: ServiceReport, user: User, now: datetime, reason: str) -> None:
    """Tell those who work on service reports why ``user`` sent it back."""
    give_notice(
        key=f"service_report_returned:{report.pk}:{report.log.count()}",
        event="service_report_returned",
        ticket=None,
        recipients=[one for one in _able() if one.pk != user.pk],
        urgent=False,
        at=now,
        payload={
            "summary": str(report),
            "path": report.get_absolute_url(),
            "actor": named(user),
            "text": reason,
        },
        rooms=False,
    )


def was_returned(report: ServiceReport) -> bool:
    """Whether it was sent back and nobody worked on it since: then it waits for whoever mends it."""
    last = report.log.order_by("-pk").first()
    return last is not None and last.what == What.RETURNED


def _with_reason(said: dict[str, str], reason: str) -> dict[str, str]:
    return {language: f"{text}: {reason}" if reason else text for language, text in said.items()}


def _to_approve() -> QuerySet[ServiceReport]:
    """Drafts that wait for approval: not those that were sent back and that nobody worked on since."""
    newest = ReportEntry.objects.filter(report=OuterRef("pk")).order_by("-pk").values("what")[:1]
    drafts = ServiceReport.objects.filter(state=ServiceReport.State.DRAFT)
    return drafts.annotate(done_last=Subquery(newest)).exclude(done_last=What.RETURNED)


def waiting_for(user: User) -> QuerySet[ServiceReport]:
    """Drafts that ``user`` may approve, the oldest first."""
    if not may_write(user):
        return ServiceReport.objects.none()
    me = same_person(user)
    wrote = ReportEntry.objects.filter(report=OuterRef("pk"), what__in=WRITING, actor__in=me)
    drafts = _to_approve().exclude(edited_by__in=me)
    return drafts.filter(~Exists(wrote)).select_related("organisation").defer("content").order_by("made_at", "pk")


def waiting_for_all() -> dict[int, int]:
    """How many drafts wait for each person. One query where there is none."""
    drafts = list(_to_approve().defer("content"))
    able = _able() if drafts else []
    found: Counter[int] = Counter()
    for report in drafts:
        wrote = writers_of(report)
        found.update(one.pk for one in able if one.pk not in wrote)
    return dict(found)


register_beside(
    Beside(code="service_reports", label=_("Service report to approve"), found=waiting_for, of_all=waiting_for_all)
)
