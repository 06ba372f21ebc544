"""Monthly service reports: made once, approved by somebody else than who wrote, sent, corrected by a new version."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation, User
from accounts.permissions import Permission
from notifications.events import Event, register_event
from notifications.services import give_notice
from reports.comparing import working_time
from reports.facts.counting import ready
from reports.facts.keeping import hold, seal
from reports.models import ServiceReport
from reports.monthly.contacts import Contact, contacts_of, language_of, readers_of
from reports.monthly.content import content_of
from sla.boards import may_see_board
from tickets.figures.records import midnight, zone

State = ServiceReport.State

register_event(
    Event(
        code="service_report",
        label=gettext_lazy("A service report is sent to you"),
        subject=gettext_lazy("Service report: {summary}"),
        body=gettext_lazy("The report is ready to be read in the portal:\n{link}"),
        icon="report",
        presses=False,
    )
)


class ReportRefused(ValueError):  # noqa: N818 - what happened, said to people
    """The step is not possible; the text says why."""


def visible_to(user: User) -> QuerySet[ServiceReport]:
    """Staff who see boards see all; the customer's contacts, and who sees its tickets, what was sent to it."""
    found = ServiceReport.objects.select_related("organisation")
    if may_see_board(user):
        return found
    sent = found.filter(organisation_id=user.organisation_id, state=State.SENT)
    return sent if user.may(Permission.VIEW_ORGANISATION) else sent.filter(organisation__report_contacts=user)


def first_working_day(month: date) -> date:
    """The first day of ``month`` on which the desk works."""
    working, day = working_time(), month
    while not working.open_between(midnight(day), midnight(day + timedelta(days=1))):
        day += timedelta(days=1)
    return day


def make_due(now: datetime) -> list[ServiceReport]:
    """Make what is missing of last month, from the first working day on; late ones are marked. Idempotent."""
    today = now.astimezone(zone()).date()
    due = first_working_day(today.replace(day=1))
    if today < due:
        return []
    month = today.replace(day=1) - relativedelta(months=1)
    there = ServiceReport.objects.filter(month=month).values("organisation")
    customers = Organisation.objects.filter(kind=Organisation.Kind.CUSTOMER, active=True).exclude(pk__in=there)
    made = [make_report(customer=c, month=month, now=now, is_late=today > due) for c in customers]
    return [report for report in made if report is not None]


@transaction.atomic
def make_report(
    *, customer: Organisation, month: date, now: datetime, is_late: bool = False, version: int = 1, reason: str = ""
) -> ServiceReport | None:
    """Count and keep a draft; None when that version is there already, also when another worker makes it now."""
    report, made = ServiceReport.objects.get_or_create(
        organisation=customer,
        month=month,
        version=version,
        defaults={"is_late": is_late, "reason": reason, **_counted(customer, month, now)},
    )
    return report if made else None


def _counted(customer: Organisation, month: date, now: datetime) -> dict[str, Any]:
    """What a draft keeps: the numbers of now, in the customer's language."""
    language, known_at = language_of(customer), sealed_now()
    content = {**content_of(customer, month, language, now), "known_at": known_at}
    return {"language": language, "made_at": now, "content": content}


def sealed_now() -> str | None:
    """The moment as of which incidents are counted, for asking a board what was known then; None where it cannot."""
    hold()
    return seal("incident").isoformat() if ready("incident") is not None else None


def is_other_language(report: ServiceReport) -> bool:
    """Whether what is not sent yet was written in another language than the customer's contacts read."""
    return report.state != State.SENT and report.language != language_of(report.organisation)


@transaction.atomic
def translate_report(*, report: ServiceReport, user: User, now: datetime) -> None:
    """Count what is not sent yet anew, in the customer's language: a draft again. Raises ReportRefused."""
    locked = ServiceReport.objects.select_for_update().get(pk=report.pk)
    if not is_other_language(locked):
        raise ReportRefused(_("It is written in the customer's language already, or was sent."))
    for name, value in _counted(locked.organisation, locked.month, now).items():
        setattr(locked, name, value)
    locked.state, locked.approved_by, locked.approved_at = State.DRAFT, None, None
    locked.edited_by = user
    locked.save()


@transaction.atomic
def edit_report(*, report: ServiceReport, user: User, improvements: str) -> None:
    """Write the improvement actions of a draft; what was approved is a draft again. Raises ReportRefused."""
    locked = ServiceReport.objects.select_for_update().get(pk=report.pk)
    if locked.state == State.SENT:
        raise ReportRefused(_("It was sent: a correction is a new version."))
    locked.improvements, locked.edited_by = improvements, user
    locked.state, locked.approved_by, locked.approved_at = State.DRAFT, None, None
    locked.save()


@transaction.atomic
def approve_report(*, report: ServiceReport, user: User, now: datetime) -> None:
    """Approve a draft. Raises ReportRefused for another state, and for who wrote it."""
    locked = ServiceReport.objects.select_for_update().get(pk=report.pk)
    if locked.state != State.DRAFT:
        raise ReportRefused(_("It is not a draft any more."))
    if locked.edited_by_id == user.pk:
        raise ReportRefused(_("Somebody else than who wrote it approves it."))
    locked.state, locked.approved_by, locked.approved_at = State.APPROVED, user, now
    locked.save()


@transaction.atomic
def send_report(*, report: ServiceReport, now: datetime) -> int:
    """Send what is approved to the customer's contacts, by the outbox; return to how many. Raises ReportRefused.

    The report keeps to whom it went, and which contacts were none any more.
    """
    locked = ServiceReport.objects.select_for_update().get(pk=report.pk)
    if locked.state != State.APPROVED:
        raise ReportRefused(_("It must be approved first."))
    contacts = contacts_of(locked.organisation)
    readers = readers_of(contacts)
    if not readers:
        raise ReportRefused(_("Nobody would get it: the customer has no report contact who is left."))
    locked.state, locked.sent_at = State.SENT, now
    locked.content["sent_to"] = [_kept(contact) for contact in contacts]
    locked.save()
    give_notice(
        key=f"service_report:{locked.pk}",
        event="service_report",
        ticket=None,
        recipients=readers,
        urgent=False,
        at=now,
        payload={"summary": str(locked), "path": reverse("reports:service_report", args=[locked.pk])},
        rooms=False,
    )
    return len(readers)


def _kept(contact: Contact) -> dict[str, str]:
    return {"name": str(contact.person), "lost": contact.lost}


def correct_report(*, report: ServiceReport, user: User, reason: str, now: datetime) -> ServiceReport:
    """Count the month of a sent report anew, as the next version, with the reason. Raises ReportRefused."""
    if report.state != State.SENT or not reason.strip():
        raise ReportRefused(_("Only what was sent is corrected, and with a reason."))
    same = ServiceReport.objects.filter(organisation=report.organisation, month=report.month)
    newest = same.aggregate(newest=Max("version"))["newest"]
    made = None
    if newest == report.version:
        version = newest + 1
        made = make_report(
            customer=report.organisation, month=report.month, now=now, version=version, reason=reason.strip()
        )
    if made is None:
        raise ReportRefused(_("There is a newer version already."))
    ServiceReport.objects.filter(pk=made.pk).update(improvements=report.improvements, edited_by=user)
    return made
