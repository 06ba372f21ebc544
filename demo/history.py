"""Playing the demo's events: each is really performed, by the person and at the time that the file says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.datastructures import MultiValueDict

from accounts.models import User
from accounts.permissions import Permission
from demo.events import DESK, Event, events_of
from demo.pictures import make_file
from incidents.models import Incident
from tasks.models import Task
from tickets.actions import perform
from tickets.errors import ActionError, ActionInvalid
from tickets.models import Ticket, TicketLink, TimelineEntry

Row = dict[str, Any]

#: What everybody who registers is asked, and what only staff are.
ASKED = ("summary", "description", "business_system", "impact")
ASKED_STAFF = ("requester", "source", "nature", "category", "urgency")
#: Who registers what no person did.
INTEGRATION = "monitoring"


class DemoError(Exception):
    """The demo's file and the portal's rules do not agree; the text says where."""


class History:
    """The tickets of the file while their events are being played."""

    def __init__(self, tickets: list[Row], start: datetime) -> None:
        self.rows = {row["key"]: row for row in tickets}
        self.start = start
        self.people = {user.username: user for user in User.objects.with_access()}
        self.tickets: dict[Any, Ticket] = {}

    def play(self) -> None:
        """Perform every event. Raises DemoError at the first that the portal refuses."""
        special = {"register": self._register, "mark_duplicate": self._mark_duplicate}
        for event in events_of(list(self.rows.values()), self.start):
            try:
                special.get(event.action, self._act)(event)
            except ActionError as refusal:
                reason = refusal.form.errors.as_text() if isinstance(refusal, ActionInvalid) else refusal
                raise DemoError(f"{event.key}: {event.by} {event.action} at {event.at}: {reason}") from refusal

    def _perform(self, event: Event, action: str, data: Row, by: str = "", **options: Any) -> TimelineEntry:
        user = self.people[by or event.by]
        entry = perform(self.tickets[event.key], action, user=user, data=data, now=event.at, **options)
        self.tickets[event.key] = entry.ticket
        return entry

    def _register(self, event: Event) -> None:
        row = event.data
        user = self.people[row["registered_by"] or INTEGRATION]
        is_staff = user.may(Permission.INTERNAL)
        data = {name: row[name] for name in (ASKED + ASKED_STAFF if is_staff else ASKED)}
        if is_staff:
            data["items"] = row["cis"]
        self.tickets[event.key] = Incident()
        via = TimelineEntry.Via.WEB if row["registered_by"] else TimelineEntry.Via.API
        self._perform(event, "register", data, by=user.username, via=via)

    def _mark_duplicate(self, event: Event) -> None:
        self._act(event, {"main": self.tickets[event.data["main"]].number})

    def _act(self, event: Event, data: Row | None = None) -> None:
        ticket = self.tickets[event.key]
        if ticket.category is None:
            self._classify(event)
        files = MultiValueDict({"attachments": [make_file(row) for row in event.files]}) if event.files else None
        data = event.data if data is None else data
        if event.action == "close" and ticket.requester_id not in (None, self.people[event.by].pk):
            data = {**data, **self._confirmation(event)}
        if event.action == "resolve":  # the file says what was done, not how it was verified (INC-07)
            data = {"verified_how": "tested", **data}
        self._perform(event, event.action, data, files=files)
        if event.action == "add_task":
            task = Task.objects.filter(parent_id=ticket.pk).latest("position")
            self.tickets[event.key, event.order[2]] = task
        if event.action == "not_solved":
            self._take_over_follow_up(event)

    def _confirmation(self, event: Event) -> Row:
        """By phone, by the requester, at that moment: the file tells more only in words (INC-08)."""
        requester = self.tickets[event.key].requester
        return {
            "confirmed_by": requester.display_name if requester else "",
            "confirmed_how": "phone",
            "confirmed_at": event.at.isoformat(),
        }

    def _classify(self, event: Event) -> None:
        """What requesters are not asked, the desk adds before it dispatches their ticket."""
        row = self.rows.get(event.key)
        if row is None or self.tickets[event.key].state != "registered":
            return
        dispatcher = event.by if self.people[event.by].may(Permission.DISPATCH) else DESK
        self._perform(event, "edit", {"nature": row["nature"], "category": row["category"]}, by=dispatcher)
        urgency = {"impact": row["impact"], "urgency": row["urgency"]}
        self._perform(event, "check_priority", urgency, by=dispatcher)
        if row["cis"]:
            self._perform(event, "add_items", {"items": row["cis"]}, by=dispatcher)

    def _take_over_follow_up(self, event: Event) -> None:
        link = TicketLink.objects.get(target=self.tickets[event.key], meaning=TicketLink.Meaning.FOLLOW_UP)
        key = next(key for key, row in self.rows.items() if row.get("follow_up_of") == event.key)
        self.tickets[key] = link.source.specific
