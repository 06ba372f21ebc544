"""What pages show of notices: the bell, the notices of a ticket, receipts, trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from notifications.events import TEST_EVENT, Channel, event_of
from notifications.models import Delivery, Notice
from notifications.querysets import DeliveryQuerySet
from notifications.texts import Texts, late_text, link_of, values_of
from tickets.models import Ticket

#: Beyond it nobody counts.
COUNT_CAP = 99
NAMES = ("group", "assignee", "requester", "organisation", "business_system")
WITH_TICKET = ("notice", "notice__ticket", *(f"notice__ticket__{name}" for name in NAMES))


@dataclass(frozen=True)
class Line:
    """A notice as the bell shows it."""

    pk: int
    title: str
    body: str
    icon: str
    url: str
    at: datetime
    late: str
    urgent: bool
    unread: bool
    waits: bool
    ticket_id: int | None = None
    more: int = 0


def grouped(lines: Iterable[Line]) -> list[Line]:
    """One line a ticket: the newest one, with how many there are behind it; unread or urgent when any of them is."""
    found: dict[Any, Line] = {}
    for line in lines:
        key = line.ticket_id or -line.pk
        if key not in found:
            found[key] = line
            continue
        first = found[key]
        found[key] = replace(
            first,
            more=first.more + 1,
            unread=first.unread or line.unread,
            urgent=first.urgent or line.urgent,
            waits=first.waits or line.waits,
        )
    return list(found.values())


def lines_of(rows: Iterable[Delivery]) -> list[Line]:
    """Rows in the active language; they must come ``with_ticket``. One query for edited templates."""
    texts = Texts.load()
    return [_line(row, texts) for row in rows]


def _line(row: Delivery, texts: Texts) -> Line:
    notice = row.notice
    values = values_of(notice)
    return Line(
        pk=row.pk,
        title=texts.subject(notice.event_info, values),
        body=values["text"],
        icon=notice.event_info.icon,
        url=reverse("notifications:open", args=[row.pk]),
        at=notice.created_at,
        late=late_text(notice),
        urgent=row.urgent,
        unread=row.read_at is None,
        waits=row.urgent and row.acknowledged_at is None and notice.event_info.presses,
        ticket_id=notice.ticket_id,
    )


def bell_rows(user: User) -> DeliveryQuerySet:
    """The notices of ``user``, newest first, with what a line needs."""
    found: DeliveryQuerySet = Delivery.objects.visible_to(user)
    return found.select_related(*WITH_TICKET).order_by("-id")


def same_ticket(user: User, pk: int) -> list[int]:
    """Keys of the notice ``pk`` and of the unread ones before it about its ticket: they stand in one line."""
    ticket = Delivery.objects.visible_to(user).filter(pk=pk, notice__ticket__isnull=False)
    before = Delivery.objects.visible_to(user).unread().filter(pk__lt=pk)
    older = before.filter(notice__ticket__in=ticket.values("notice__ticket"))
    return [pk, *older.values_list("pk", flat=True)]


def unread_count(user: User) -> int:
    """How many notices the person has not looked at, up to ``COUNT_CAP`` + 1."""
    return Delivery.objects.visible_to(user).unread()[: COUNT_CAP + 1].count()


def unread_counts(people: Collection[int] | None = None) -> dict[int, int]:
    """How many unread notices each of ``people`` has; of everybody without. One query."""
    unread = Delivery.objects.filter(channel=Channel.PORTAL, read_at=None)
    if people is not None:
        unread = unread.filter(recipient_id__in=people)
    return dict(unread.order_by().values_list("recipient_id").annotate(count=Count("pk")))


def path_of(notice: Notice) -> str:
    """Where the notice leads, on this site."""
    return link_of(notice).removeprefix(_site()) or "/"


def _site() -> str:
    from django.conf import settings  # read late: tests change it

    return settings.SITE_URL


# --- On a ticket ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A notice of a ticket with how it reached each reader."""

    notice: Notice
    title: str
    late: str
    deliveries: list[Delivery]

    @property
    def summary(self) -> str:
        """How many were told, and by which channels not: the line of the timeline."""
        people = len({row.recipient_id for row in self.deliveries if row.recipient_id})
        rooms = len({row.endpoint_id for row in self.deliveries if not row.recipient_id})
        parts = [ngettext("%(n)d person was told", "%(n)d people were told", people) % {"n": people}] if people else []
        if rooms:
            parts.append(ngettext("%(n)d room or program", "%(n)d rooms or programs", rooms) % {"n": rooms})
        return ", ".join([*parts, *self.failures]) or _("nobody could be told")

    @property
    def failures(self) -> list[str]:
        """What did not arrive, by channel."""
        failed = Counter(row.get_channel_display() for row in self.deliveries if row.status in Delivery.FAILED)
        return [_("%(n)d failed: %(channel)s") % {"n": count, "channel": name} for name, count in failed.items()]


def told_about(ticket: Ticket, limit: int = 100) -> list[Told]:
    """The notices of ``ticket``, newest first, with their deliveries. Four queries."""
    found = Notice.objects.filter(ticket_id=ticket.pk).order_by("-id")[:limit]
    notices = list(found.prefetch_related("deliveries__recipient", "deliveries__endpoint"))
    texts = Texts.load()
    for notice in notices:
        notice.ticket = ticket
    return [
        Told(
            notice,
            texts.subject(notice.event_info, values_of(notice)),
            late_text(notice),
            sorted(notice.deliveries.all(), key=lambda row: row.pk),
        )
        for notice in notices
    ]


# --- Receipts -------------------------------------------------------------------------------------------------------

_FIGURES = """
SELECT d.channel, d.urgent, count(*) AS all_of_them,
  count(*) FILTER (WHERE d.status = 'sent') AS sent,
  count(*) FILTER (WHERE d.status IN ('pending', 'sending', 'carried')) AS waiting,
  count(*) FILTER (WHERE d.status IN ('dead', 'uncertain', 'closed')) AS failed,
  count(*) FILTER (WHERE d.status IN ('skipped', 'obsolete')) AS left_out,
  count(*) FILTER (WHERE d.possible_duplicate) AS maybe_doubled,
  extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY d.lateness)) AS p50,
  extract(epoch FROM percentile_cont(0.99) WITHIN GROUP (ORDER BY d.lateness)) AS p99,
  extract(epoch FROM max(d.lateness)) AS longest
FROM notifications_notice n JOIN notifications_delivery d ON d.notice_id = n.id
WHERE n.due_at >= %s AND n.due_at < %s AND (%s = '' OR n.event = %s)
GROUP BY d.channel, d.urgent ORDER BY d.channel, d.urgent DESC
"""


def figures(begin: datetime, end: datetime, event: str = "") -> list[dict[str, Any]]:
    """Planned against actual by channel, for notices due in the span: counts, and lateness in seconds. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [begin, end, event, event])
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    labels = dict(Channel.choices)
    return [{**row, "label": labels.get(row["channel"], row["channel"])} for row in rows]


def latest(begin: datetime, end: datetime, event: str = "", limit: int = 50) -> list[Delivery]:
    """The deliveries of the span that came latest, the worst first."""
    found = Delivery.objects.filter(notice__due_at__gte=begin, notice__due_at__lt=end, lateness__gt=timedelta())
    if event:
        found = found.filter(notice__event=event)
    return list(
        found.select_related("notice", "notice__ticket", "recipient", "endpoint").order_by("-lateness")[:limit]
    )


def troubled(before: int | None = None, limit: int = 50) -> list[Delivery]:
    """Dead and uncertain deliveries, newest first, ``before`` a key."""
    found = Delivery.objects.troubled()
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.select_related("notice", "notice__ticket", "recipient", "endpoint").order_by("-id")[:limit])


def event_label(code: str) -> str:
    """The name of an event."""
    return str(event_of(code).label)


def overview() -> dict[str, Any]:
    """For boards and probes: how much waits in each lane and since when, and what is in trouble. Two queries."""
    waiting = Delivery.objects.filter(status__in=Delivery.ACTIVE)
    oldest = waiting.filter(status=Delivery.Status.PENDING).order_by("next_try_at")
    trouble = Delivery.objects.troubled()
    return {
        "oldest_urgent": oldest.filter(urgent=True).values_list("next_try_at", flat=True).first(),
        "oldest": oldest.values_list("next_try_at", flat=True).first(),
        "dead_urgent": trouble.filter(urgent=True).count(),
        "troubled": trouble.filter(Q(urgent=False) | Q(urgent=True)).count(),
        "title": _("Notices"),
    }


_PROOF = """
SELECT count(d.id) AS due,
  count(*) FILTER (WHERE d.status = 'sent') AS delivered,
  coalesce(sum(tries.times - 1) FILTER (WHERE tries.times > 1), 0) AS doubled,
  count(*) FILTER (WHERE d.possible_duplicate) AS maybe_doubled,
  count(*) FILTER (WHERE d.id IS NULL AND NOT n.payload ? 'unread') AS lost,
  count(*) FILTER (WHERE d.id IS NULL AND n.payload ? 'unread') AS unread,
  count(*) FILTER (WHERE d.status IN ('pending', 'sending', 'carried')) AS waiting,
  count(*) FILTER (WHERE d.status IN ('dead', 'uncertain', 'closed')) AS failed,
  count(*) FILTER (WHERE d.status IN ('skipped', 'obsolete')) AS left_out
FROM notifications_notice n
LEFT JOIN notifications_delivery d ON d.notice_id = n.id
LEFT JOIN LATERAL (
  SELECT count(*) AS times FROM notifications_attempt a WHERE a.delivery_id = d.id AND a.result = 'sent'
) tries ON true
WHERE n.due_at >= %s AND n.due_at < %s AND n.event <> %s
"""


def proof(begin: datetime, end: datetime) -> dict[str, int]:
    """What became of every notice due in the span, test timers aside. One query.

    ``doubled``: handed over for certain more than once; ``maybe_doubled``: tried again after an answer was lost.
    ``lost``: given to readers of whom no delivery is left; ``unread``: given when there was nobody to read it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PROOF, [begin, end, TEST_EVENT])
        names = [column[0] for column in cursor.description]
        return {name: int(value) for name, value in zip(names, cursor.fetchone(), strict=True)}
