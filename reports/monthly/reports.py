"""Monthly service reports: made once, approved by somebody else than who wrote, sent, corrected by a new version."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Max, Min, OuterRef, QuerySet, Subquery
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation, User
from accounts.permissions import Permission
from notifications.events import Event, register_event
from notifications.services import give_notice
from reports.comparing import working_time
from reports.facts.counting import ready
from reports.facts.keeping import hold, seal
from reports.models import ReportEntry, ServiceReport
from reports.monthly.approving import What, ask_to_approve, log, may_approve, tell_returned, was_returned
from reports.monthly.contacts import Contact, contacts_of, language_of, readers_of
from reports.monthly.content import content_of
from sla.boards import may_see_board
from tickets.errors import ActionConflict
from tickets.figures.records import midnight, zone
from tickets.models import Ticket

logger = logging.getLogger(__name__)

MONTH = relativedelta(months=1)
#: So many months are made at once for one customer after downtime.
MOST_LATE = 12
State = ServiceReport.State
#: What can be done with it, said to who came too late.
POSSIBLE: dict[str, Any] = {
    State.DRAFT: gettext_lazy("It is a draft: read it as it stands now, then go on."),
    State.APPROVED: gettext_lazy("It is approved: it can be sent, and who writes on it makes it a draft again."),
    State.SENT: gettext_lazy("It was sent: a correction is a new version."),
}

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


class ReportRefused(ActionConflict):
    """The step is not possible; the text says why."""


def visible_to(user: User) -> QuerySet[ServiceReport]:
    """Staff who see boards see all; the customer's contacts, and who sees its tickets, what was sent to it.

    ``seen`` of each: the newest line of its log, read in the same moment.
    """
    lines = ReportEntry.objects.filter(report=OuterRef("pk")).order_by("-pk")
    found = ServiceReport.objects.select_related("organisation").annotate(seen=Subquery(lines.values("pk")[:1]))
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
    """Make what is missing, from the first working day after its month on; later ones are marked. Idempotent.

    Each by itself: one that cannot be made is logged, tried again next time, and holds no other customer up.
    """
    today = now.astimezone(zone()).date()
    made = []
    for customer, month in _missing(today):
        is_late = today > first_working_day(month + MONTH)
        try:
            report = make_report(customer=customer, month=month, now=now, is_late=is_late)
        except Exception:
            logger.exception("The service report of %s for %s cannot be made", customer.code, month)
            continue
        made += [report] if report else []
    return made


def _missing(today: date) -> list[tuple[Organisation, date]]:
    """Customers and months that are due and have no report: since the last one of the customer, at most ``MOST_LATE``.

    Who has none yet gets them since the portal makes reports; nobody of a month before they were a customer here.
    """
    this = today.replace(day=1)
    newest = this - MONTH if today >= first_working_day(this) else this - 2 * MONTH
    began = ServiceReport.objects.aggregate(began=Min("month"))["began"] or this - MONTH
    last = ServiceReport.objects.order_by().filter(organisation=OuterRef("pk")).values("organisation")
    customers = Organisation.objects.filter(kind=Organisation.Kind.CUSTOMER, active=True).annotate(
        last_month=Subquery(last.annotate(last=Max("month")).values("last"))
    )
    found: list[tuple[Organisation, date]] = []
    for customer in customers:
        month = max(customer.last_month + MONTH if customer.last_month else began, newest - (MOST_LATE - 1) * MONTH)
        since = _customer_since(customer) if month <= newest else None
        while since and month <= newest:
            found += [(customer, month)] if since < month + MONTH else []
            month += MONTH
    return found


def _customer_since(customer: Organisation) -> date | None:
    """The day of the first person or ticket of the customer; None for one that has neither, and nothing to report."""
    joined = customer.people.aggregate(first=Min("date_joined"))["first"]
    first = Ticket.objects.filter(organisation=customer).order_by("created_at").first()  # visible: a date alone
    moments = [moment for moment in (joined, first and first.created_at) if moment]
    return min(moments).astimezone(zone()).date() if moments else None


@transaction.atomic
def make_report(
    *,
    customer: Organisation,
    month: date,
    now: datetime,
    is_late: bool = False,
    version: int = 1,
    reason: str = "",
    user: User | None = None,
) -> ServiceReport | None:
    """Count and keep a draft; None when that version is there already, also when another worker makes it now."""
    report, made = ServiceReport.objects.get_or_create(
        organisation=customer,
        month=month,
        version=version,
        defaults={"is_late": is_late, "reason": reason, "edited_by": user, **_counted(customer, month, now)},
    )
    if made:
        log(report, What.CORRECTED if version > 1 else What.MADE, user, now, reason)
        ask_to_approve(report, user, now, reason)
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
def recount_report(
    *, report: ServiceReport, user: User, reason: str, now: datetime, seen: int | None = None
) -> ServiceReport:
    """Count what is not sent yet anew, in the customer's language: a draft again; the log says why.

    Raises ReportRefused for what was sent, and without a reason where the language is the customer's already.
    """
    locked = _unsent(report, seen)
    translates = is_other_language(locked)
    if not reason.strip() and not translates:
        raise ReportRefused(_("Say why it is counted anew."))
    for name, value in _counted(locked.organisation, locked.month, now).items():
        setattr(locked, name, value)
    return _changed(locked, What.TRANSLATED if translates else What.COUNTED, user, now, reason.strip())


@transaction.atomic
def edit_report(
    *, report: ServiceReport, user: User, improvements: str, now: datetime, seen: int | None = None
) -> ServiceReport:
    """Write the improvement actions of a draft; what was approved is a draft again. Raises ReportRefused."""
    locked = _unsent(report, seen)
    locked.improvements = improvements
    return _changed(locked, What.EDITED, user, now)


def _locked(report: ServiceReport, seen: int | None) -> ServiceReport:
    """The report as it stands, locked. ``seen``: the newest line of its log that was read; None: nobody read it.

    Raises ReportRefused when somebody worked on it since.
    """
    locked = ServiceReport.objects.select_for_update().get(pk=report.pk)
    since = locked.log.filter(pk__gt=seen).select_related("actor").order_by("pk") if seen is not None else ()
    if since:
        lines = "; ".join(_said(line) for line in since)
        text = _("Nothing was done, because somebody worked on it since you read it: %(lines)s.") % {"lines": lines}
        raise ReportRefused(f"{text} {POSSIBLE[locked.state]}")
    return locked


def _said(line: ReportEntry) -> str:
    who = line.actor.display_name if line.actor else ""
    return f"{who} {line.get_what_display()} ({localtime(line.at):%m-%d %H:%M})".strip()


def _unsent(report: ServiceReport, seen: int | None) -> ServiceReport:
    locked = _locked(report, seen)
    if locked.state == State.SENT:
        raise ReportRefused(POSSIBLE[State.SENT])
    return locked


def _changed(locked: ServiceReport, what: str, user: User, now: datetime, reason: str = "") -> ServiceReport:
    """Store what ``user`` wrote: a draft again. Those who may approve are told where that asks them anew."""
    asks = locked.state == State.APPROVED or what != What.EDITED or was_returned(locked)
    locked.edited_by = user
    locked.state, locked.approved_by, locked.approved_at = State.DRAFT, None, None
    locked.save()
    log(locked, what, user, now, reason)
    if asks:
        ask_to_approve(locked, user, now, reason)
    return locked


@transaction.atomic
def approve_report(*, report: ServiceReport, user: User, now: datetime, seen: int | None = None) -> ServiceReport:
    """Approve a draft. Raises ReportRefused for another state, and for everybody who wrote on it since it was made."""
    locked = _locked(report, seen)
    if locked.state != State.DRAFT:
        raise ReportRefused(_("It is not a draft any more."))
    if not may_approve(locked, user):
        raise ReportRefused(_("Somebody else than who wrote it approves it."))
    locked.state, locked.approved_by, locked.approved_at = State.APPROVED, user, now
    locked.save()
    log(locked, What.APPROVED, user, now)
    return locked


@transaction.atomic
def return_report(
    *, report: ServiceReport, user: User, reason: str, now: datetime, seen: int | None = None
) -> ServiceReport:
    """Send a draft back with the reason instead of approving it. Raises ReportRefused as ``approve_report`` does."""
    locked = _locked(report, seen)
    if locked.state != State.DRAFT:
        raise ReportRefused(_("It is not a draft any more."))
    if not may_approve(locked, user):
        raise ReportRefused(_("Somebody else than who wrote it approves it."))
    log(locked, What.RETURNED, user, now, reason.strip())
    tell_returned(locked, user, now, reason.strip())
    return locked


@transaction.atomic
def send_report(*, report: ServiceReport, user: User | None, now: datetime, seen: int | None = None) -> ServiceReport:
    """Send what is approved to the customer's contacts, by the outbox. Raises ReportRefused.

    The report keeps to whom it went, and which contacts were none any more.
    """
    locked = _locked(report, seen)
    if locked.state != State.APPROVED:
        raise ReportRefused(_("It must be approved first."))
    contacts = contacts_of(locked.organisation)
    readers = readers_of(contacts)
    if not readers:
        raise ReportRefused(_("Nobody would get it: the customer has no report contact who is left."))
    locked.state, locked.sent_at = State.SENT, now
    locked.content["sent_to"] = [_kept(contact) for contact in contacts]
    locked.save()
    log(locked, What.SENT, user, now)
    give_notice(
        key=f"service_report:{locked.pk}",
        event="service_report",
        ticket=None,
        recipients=readers,
        urgent=False,
        at=now,
        payload={"summary": str(locked), "path": locked.get_absolute_url()},
        rooms=False,
    )
    return locked


def _kept(contact: Contact) -> dict[str, str]:
    return {"name": str(contact.person), "lost": contact.lost}


def newer_than(report: ServiceReport) -> ServiceReport | None:
    """The newest version of the same month when it is not ``report``."""
    same = ServiceReport.objects.filter(organisation=report.organisation_id, month=report.month)
    return same.filter(version__gt=report.version).defer("content").order_by("-version").first()


@transaction.atomic
def correct_report(
    *, report: ServiceReport, user: User, reason: str, now: datetime, seen: int | None = None
) -> ServiceReport:
    """Count the month of a sent report anew, as the next version, with the reason. Raises ReportRefused."""
    locked = _locked(report, seen)
    if locked.state != State.SENT or not reason.strip():
        raise ReportRefused(_("Only what was sent is corrected, and with a reason."))
    if newer_than(locked):
        raise ReportRefused(_("There is a newer version already."))
    made = make_report(
        customer=locked.organisation,
        month=locked.month,
        now=now,
        version=locked.version + 1,
        reason=reason.strip(),
        user=user,
    )
    if made is None:
        raise ReportRefused(_("There is a newer version already."))
    made.improvements = locked.improvements
    made.save(update_fields=["improvements"])
    return made
