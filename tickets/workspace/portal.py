"""The requesters' portal: tickets in plain words, what happens next, what is asked of the requester (PRT-01)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from itsm.web.paging import Page, PagingError, page_of, parse_ordering
from tickets.lifecycle import Phase, kinds
from tickets.models import Ticket, TimelineEntry
from tickets.querysets import ROW_COLUMNS, TicketQuerySet
from tickets.queues.filters import NEWEST_FIRST, SORTS
from tickets.queues.queries import counts_of, shown_count
from tickets.rules import is_supplier
from tickets.search.matching import matching
from tickets.workspace import pages

PAGE = 20
FOUND = 6
MINE, ORGANISATION = "mine", "organisation"
OPEN, CLOSED, ALL = "open", "closed", "all"
TONES = {Phase.OPEN: "info", Phase.WAITING: "soon", Phase.RESOLVED: "ok", Phase.CLOSED: "neutral"}
#: The reason for waiting that asks the requester.
WAITS_FOR_REQUESTER = "requester"
#: What a requester may do in the list.
OFFERED = ("confirm", "not_solved", "urge", "rate")


def tiles_for(user: User) -> list[dict[str, Any]]:
    """What the person may report, kind by kind: ``{tile, url}``."""
    return [
        {"tile": tile, "url": f"{reverse('tickets:register', args=[kind.slug])}?{urlencode(tile.begins)}"}
        for kind in kinds()
        if kind.in_portal and kind.may_be_registered_by(user)
        for tile in kind.tiles or ()
    ]


class PortalPage:
    """What a person follows with the parameters of an address: whose tickets, open or closed, by which words."""

    def __init__(self, user: User, params: QueryDict, now: datetime) -> None:
        self.user, self.params, self.now = user, params, now
        self.url = reverse("tickets:portal")
        self.words = params.get("q", "").strip()[:200]
        self.whose = ORGANISATION if params.get("of") == ORGANISATION and sees_colleagues(user) else MINE
        asked = params.get("show", "")
        self.show = asked if asked in (OPEN, CLOSED, ALL) else ALL if self.words else OPEN

    def context(self) -> dict[str, Any]:
        """What ``portal/_list.html`` draws. Five queries at most, however many rows."""
        page = self._page()
        return {
            "tiles": tiles_for(self.user),
            "lines": lines_of(page.rows, self.user, self.now),
            "whose": self._whose(),
            "shows": self._shows(),
            "words": self.words,
            "reset_url": self._address(q=""),
            "previous_url": self._address(cursor=page.previous) if page.previous else "",
            "next_url": self._address(cursor=page.next) if page.next else "",
        }

    def _found(self, show: str) -> TicketQuerySet:
        found = followed(self.user, self.whose)
        if self.words:
            found = matching(found, self.words, self.user)
        if show == OPEN:
            return found.exclude(phase=Phase.CLOSED)
        return found.filter(phase=Phase.CLOSED) if show == CLOSED else found

    def _page(self) -> Page[Ticket]:
        """The page of the cursor; a stale or foreign cursor gives the first one."""
        found, ordering = for_lines(self._found(self.show)), parse_ordering(NEWEST_FIRST, SORTS)
        try:
            return page_of(found, ordering, cursor=self.params.get("cursor", ""), size=PAGE)
        except PagingError:
            return page_of(found, ordering, size=PAGE)

    def _address(self, **changes: Any) -> str:
        kept = {"of": self.whose, "show": self.show, "q": self.words, **changes}
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in kept.items() if value})
        return f"{self.url}?{query.urlencode()}#mine"

    def _whose(self) -> list[dict[str, Any]]:
        choices = [(MINE, _("My tickets"))]
        if sees_colleagues(self.user):
            choices.append((ORGANISATION, _("My organisation's tickets")))
        return [
            {"label": label, "url": self._address(of=code), "count": None, "active": code == self.whose, "tone": ""}
            for code, label in choices
        ]

    def _shows(self) -> list[dict[str, Any]]:
        counts = counts_of({OPEN: self._found(OPEN), CLOSED: self._found(CLOSED)})
        return [
            {
                "label": label,
                "url": self._address(show=code),
                "count": shown_count(counts[code]) if code in counts else None,
                "active": code == self.show,
            }
            for code, label in ((OPEN, _("Going on")), (CLOSED, _("Finished")), (ALL, _("All")))
        ]


def sees_colleagues(user: User) -> bool:
    """Whether the person follows tickets of the whole organisation."""
    return user.may(Permission.VIEW_ORGANISATION) or user.may(Permission.VIEW)


def followed(user: User, whose: str) -> TicketQuerySet:
    """Tickets that ``user`` asked for, or every one of the organisation that they see."""
    found: TicketQuerySet = Ticket.objects.visible_to(user).filter(parent=None)
    return found.filter(requester=user) if whose == MINE else found.filter(organisation_id=user.organisation_id)


def for_lines(found: TicketQuerySet) -> TicketQuerySet:
    """Load just what a line shows, in one query."""
    related = ("priority", "business_system", "group", "assignee", "source", "requester", "wait_reason")
    return found.select_related(*related).only(
        *ROW_COLUMNS,
        "satisfaction",
        "satisfaction_heard",
        "confirmed_at",
        "wait_reason__name_zh",
        "wait_reason__name_en",
    )


def lines_of(tickets: Iterable[Ticket], user: User, now: datetime) -> list[dict[str, Any]]:
    """Lines of the list: two queries, and one more a kind whose tickets ask something of the requester."""
    rows = list(tickets)
    offered, messages = answers_to(rows, user), last_words(rows)
    return [line_of(row, user, now, offered.get(row.pk, {}), messages.get(row.pk)) for row in rows]


def answers_to(tickets: Iterable[Ticket], user: User) -> dict[int, dict[str, Any]]:
    """Buttons by name for those of ``tickets`` that ask something of ``user``. One query a kind."""
    asked = [ticket for ticket in tickets if asks(ticket, user)]
    wanted = [(kind, [ticket.pk for ticket in asked if ticket.kind == kind.code]) for kind in kinds()]
    rows = [row for kind, keys in wanted if keys for row in kind.model.objects.filter(pk__in=keys)]
    return {row.pk: {button["name"]: button for button in pages.buttons_of(row, user)} for row in rows}


def asks(ticket: Ticket, user: User) -> bool:
    """Whether the requester is asked: is it solved, and afterwards what they think of it."""
    unrated = ticket.phase == Phase.CLOSED and (ticket.satisfaction_id is None or ticket.satisfaction_heard)
    unconfirmed = ticket.phase == Phase.RESOLVED and ticket.confirmed_at is None
    return ticket.requester_id == user.pk and (unconfirmed or unrated)


def last_words(tickets: Iterable[Ticket]) -> dict[int, TimelineEntry]:
    """The newest public reply on each of ``tickets``, in one query."""
    visible = [ticket.pk for ticket in tickets]
    replies = TimelineEntry.objects.filter(ticket__in=visible, action="comment", is_public=True)
    newest = replies.select_related("actor").order_by("ticket_id", "-at", "-id").distinct("ticket_id")
    return {entry.ticket_id: entry for entry in newest}


def line_of(
    ticket: Ticket, user: User, now: datetime, offered: dict[str, Any], message: TimelineEntry | None
) -> dict[str, Any]:
    """A ticket as its requester follows it: what is asked of them, who works on it, when it is expected."""
    return {
        "ticket": ticket,
        "url": ticket.get_absolute_url(),
        "label": plain_state(ticket, user),
        "tone": TONES[Phase(ticket.phase)],
        "who": who_works(ticket),
        "said_by": message.actor if message else None,
        "said": message.text if message else "",
        "at": message.at if message else ticket.updated_at,
        "confirm": offered.get("confirm"),
        "not_solved": offered.get("not_solved"),
        "rate": offered.get("rate"),
        **expected_of(ticket, now),
        "urge": urge_of(ticket, user),
        "foreign": ticket.requester_id != user.pk,
    }


def urge_of(ticket: Ticket, user: User) -> dict[str, Any] | None:
    """The button that asks for more speed, with how often that was done."""
    if not ticket.is_live or not user.may(Permission.URGE):
        return None
    return {"url": reverse("tickets:action", args=[ticket.number, "urge"]), "count": ticket.urge_count}


def who_works(ticket: Ticket) -> str:
    """The person, else the group; empty while nobody was chosen."""
    if not ticket.is_live:
        return ""
    return ticket.assignee.display_name if ticket.assignee else ticket.group.name if ticket.group else ""


def asks_answer(ticket: Ticket, user: User) -> bool:
    """Whether it waits for an answer of ``user``."""
    waits = ticket.phase == Phase.WAITING and ticket.wait_reason_id == WAITS_FOR_REQUESTER
    return waits and ticket.requester_id == user.pk


def expected_of(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """Until when it is expected to be solved, or that it takes longer; neither while nobody can say."""
    expected = ticket.planned_completion_at if ticket.phase == Phase.OPEN else None
    return {"expected": expected if expected and expected > now else None, "late": bool(expected and expected <= now)}


def plain_steps(ticket: Ticket, user: User) -> list[dict[str, Any]]:
    """The stepper in the words of the portal: a state has one name on a page, the one beside its title."""
    steps = pages.steps_of(ticket)
    kind = ticket.kind_info
    names = [str(kind.plain.get(state, kind.state_label(state))) for state in kind.steps]
    return [
        {**step, "label": plain_state(ticket, user) if step["status"] == "now" else name}
        for step, name in zip(steps, names, strict=True)
    ]


def plain_state(ticket: Ticket, user: User) -> str:
    """Where it stands, in words that need no process manual."""
    if ticket.phase == Phase.OPEN:
        if ticket.responded_at is not None:
            return _("Being worked on")
        return _("Passed on to the specialists") if ticket.group else _("Received")
    if asks_answer(ticket, user):
        return _("Please answer")
    if ticket.phase == Phase.WAITING:
        return _("Waits for: %(reason)s") % {"reason": ticket.wait_reason} if ticket.wait_reason else _("Waiting")
    if ticket.phase == Phase.RESOLVED and ticket.confirmed_at is not None:
        return _("Solved and confirmed")
    if ticket.phase == Phase.RESOLVED:
        return _("Solved, please confirm") if ticket.requester_id == user.pk else _("Solved")
    return str(_("Finished"))


def next_words(ticket: Ticket, user: User) -> str:
    """What happens next, and who has to do it."""
    mine = ticket.requester_id == user.pk
    if ticket.is_live and is_supplier(ticket, user):
        return _("You were called in. What is asked stands below; record your response and answer the engineer here.")
    if ticket.phase == Phase.OPEN and ticket.responded_at is None:
        if ticket.group is None:
            return _("The service desk reads it and passes it on to whoever can help. You are not asked anything yet.")
        return _("%(group)s takes it over. We write here as soon as somebody works on it.") % {"group": ticket.group}
    if ticket.phase == Phase.OPEN:
        return _("%(who)s works on it. You can add anything below; we read it at once.") % {"who": who_works(ticket)}
    if asks_answer(ticket, user):
        return _("We need something from you: please answer below. The time does not count until then.")
    if ticket.phase == Phase.WAITING:
        return _("The time does not count while it waits. As soon as what is missing has come, we go on.")
    if ticket.phase == Phase.RESOLVED and ticket.confirmed_at is not None:
        return _("It is confirmed that it works. The service desk closes it; nothing is asked of you.")
    if ticket.phase == Phase.RESOLVED and mine:
        return _("Please try it. If it works, confirm; if not, say so, and the same people go on at once.")
    if ticket.phase == Phase.RESOLVED:
        return _("The requester is asked whether it is solved.")
    return _("Nothing more happens here. When it comes back, report it again and name this number.")
