"""Beginning and ending the emergency procedure with the priority; what its actions write (MAJ-01, MAJ-02)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import SupportGroup, User
from duty.services import first_on_duty
from incidents.emergencies.forms import callees_of
from incidents.emergencies.meaning import EMERGENCY
from incidents.emergencies.models import CallIn, EmergencyTask
from tasks.services import has_first_tasks, lapse_tasks, move_first_tasks, open_first_task
from tickets.actions import perform
from tickets.forms import named_row
from tickets.models import Ticket, TimelineEntry
from tickets.services import log_event
from tickets.shared.guests import let_in, let_out


def follow_priority(ticket: Any, entry: TimelineEntry, now: datetime) -> None:
    """Start, continue or end the emergency procedure as ``ticket`` stands after ``entry``; no query when nothing does.

    Afterwards ``entry.ticket`` is the ticket as it stands then. Only news start it: a priority that was there before
    the portal knew emergencies does not.
    """
    if not hasattr(ticket, "emergency_since"):
        return
    wanted = ticket.is_live and ticket.priority_rank <= EMERGENCY.last_rank and ticket.duplicate_of_id is None
    if ticket.in_emergency and not wanted:
        entry.ticket = perform(ticket, "end_emergency", user=None, now=now).ticket
    elif wanted and not ticket.in_emergency and _is_news(entry):
        name = "continue_emergency" if ticket.emergency_since else "start_emergency"
        known = ticket.commander if ticket.commander and ticket.commander.is_active else None
        commander = known or first_on_duty(EMERGENCY.commander, now)
        data = {"commander": commander.username if commander else ""}
        entry.ticket = perform(ticket, name, user=None, data=data, now=now).ticket
    elif ticket.called_in_at and not ticket.is_live and entry.state_from != entry.state_to:
        let_out(ticket=ticket)
    elif ticket.in_emergency:
        _take_tasks_along(ticket, entry, now)


def _take_tasks_along(ticket: Any, entry: TimelineEntry, now: datetime) -> None:
    """First tasks of the group go with the ticket to another group."""
    for change in entry.changes:
        if change["field"] == "group":
            before = change["old"]["id"] if change["old"] else None
            move_first_tasks(ticket=ticket, before=before, now=now)


def _is_news(entry: TimelineEntry) -> bool:
    return not entry.state_from or any(change["field"] in ("priority", "duplicate_of") for change in entry.changes)


def open_first_tasks(*, ticket: Any, now: datetime, **context: Any) -> None:
    """Open the tasks that every procedure begins with. They hold nobody back from resolving the ticket.

    Those of the assigned group wait for it when nobody has the ticket yet.
    """
    desk = SupportGroup.objects.filter(tier="desk", active=True).order_by("pk").first()
    for row in EmergencyTask.objects.active():
        group = desk if row.who == EmergencyTask.Who.DESK else ticket.group
        person = ticket.commander if row.who == EmergencyTask.Who.COMMANDER else None
        texts = {
            "summary": _in_both(row.name_zh, row.name_en, " / "),
            "description": _in_both(row.text_zh, row.text_en),
        }
        open_first_task(ticket=ticket, **texts, group=group, assignee=person, now=now)


def _in_both(zh: str, en: str, between: str = "\n") -> str:
    """Both languages: whoever is called in reads it at once, whatever language the first one spoke."""
    return between.join(dict.fromkeys(filter(None, (zh, en))))


def go_on(*, ticket: Any, now: datetime, **context: Any) -> None:
    """Whoever was called in and can come sees the ticket again.

    First tasks are opened anew when every one of them lapsed, because the procedure had begun by mistake.
    """
    called = [call.person for call in ticket.calls if call.answer != CallIn.Answer.CANNOT]
    let_in(ticket=ticket, people=list(dict.fromkeys(called)), now=now)
    if not has_first_tasks(ticket=ticket):
        open_first_tasks(ticket=ticket, now=now)


def forget_emergency(*, ticket: Any, now: datetime) -> None:
    """A change of priority was taken back: when the procedure is over with it, tasks that nobody began lapse."""
    if not ticket.in_emergency and ticket.emergency_since:
        lapse_tasks(ticket=ticket, now=now)


def close_emergency(*, ticket: Any, now: datetime, **context: Any) -> None:
    """Nobody sees the ticket as a guest any more; when it is over, tasks of the procedure that nobody began lapse.

    So do those of a duplicate: its main ticket is worked on.
    """
    let_out(ticket=ticket)
    if not ticket.is_live or ticket.duplicate_of_id is not None:
        lapse_tasks(ticket=ticket, now=now)


# --- Calling in -----------------------------------------------------------------------------------------------------


def call_people(
    *, ticket: Any, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Write down who is called; each sees the ticket from now on, and is told by the notice of the action."""
    callees = callees_of(cleaned["people"], cleaned["groups"], now)
    known = {call.person_id for call in ticket.calls if call.answer != CallIn.Answer.CANNOT}
    fresh = [(person, group) for person, group in callees if person.pk not in known]
    CallIn.objects.bulk_create(
        CallIn(
            ticket_id=ticket.pk,
            person=person,
            group=group,
            reason=entry.text,
            called_by=user,
            called_at=now,
        )
        for person, group in fresh
    )
    ticket.forget_calls()
    let_in(ticket=ticket, people=[person for person, _group in fresh], now=now)
    for person, group in fresh:
        if group is not None:
            names: dict[str, Any] = {"person": named_row(person), "group": named_row(group)}
            log_event(ticket=ticket, event="called_for_group", user=None, now=now, **names)


def keys_called_at(ticket: Ticket, moment: datetime) -> list[int]:
    """The keys of the people who were called at ``moment``: by the action of that time."""
    found = CallIn.objects.filter(ticket_id=ticket.pk, called_at=moment)
    return list(found.values_list("person_id", flat=True))


def note_coming(*, ticket: Any, user: User, now: datetime, **context: Any) -> None:
    """The person is on the way."""
    _answer(ticket, user, CallIn.Answer.COMING, now)


def note_cannot(*, ticket: Any, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """The person cannot come, and has no business with the ticket any more."""
    _answer(ticket, user, CallIn.Answer.CANNOT, now, cleaned["text"])


def note_joined(*, ticket: Any, user: User, now: datetime, **context: Any) -> None:
    """The person works on it."""
    _answer(ticket, user, CallIn.Answer.JOINED, now)


def record_answer(*, ticket: Any, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """What the coordinator heard from somebody who was called."""
    _answer(ticket, cleaned["person"], CallIn.Answer(cleaned["answer"]), now, cleaned["text"])


def _answer(ticket: Any, person: User, answer: CallIn.Answer, now: datetime, text: str = "") -> None:
    """Note the answer in the person's newest call, and who sees the ticket accordingly."""
    newest = CallIn.objects.filter(ticket_id=ticket.pk, person=person).order_by("-pk").first()
    assert newest is not None  # noqa: S101 - rule and form have seen to it
    newest.answer, newest.answer_text = answer, text or newest.answer_text
    newest.answered_at = newest.answered_at if newest.answered_at and answer == CallIn.Answer.JOINED else now
    newest.joined_at = now if answer == CallIn.Answer.JOINED else None
    newest.save(update_fields=["answer", "answer_text", "answered_at", "joined_at"])
    ticket.forget_calls()
    if answer == CallIn.Answer.CANNOT:
        let_out(ticket=ticket, user=person)
    else:
        let_in(ticket=ticket, people=[person], now=now)
