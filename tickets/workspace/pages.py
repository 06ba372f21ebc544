"""What pages show of tickets: rows, steps, buttons, properties. Prepared here, so that templates only draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from accounts.phones import calling
from tickets.actions import Available, available_actions
from tickets.lifecycle import Action, Phase, Section
from tickets.meaning import Panel
from tickets.models import Ticket
from tickets.queues.limits import Chip, chip_of

#: Keys of actions that declare none, in the order of the buttons.
FREE_KEYS = "123456789"
INTENT_ORDER = {"primary": 0, "normal": 1, "danger": 2}
#: How many actions stand as buttons; the menu has the others, under headings.
SHOWN = 4
SECTIONS = list(Section)


@dataclass(frozen=True)
class Row:
    """A line of a queue, as ``components/ticket_row.html`` draws it."""

    number: str
    title: str
    url: str
    priority: Any
    service: Any
    mark: str
    who: str
    is_group: bool
    source: Any
    at: datetime
    state: Any
    chip: Chip
    order: str
    version: int
    selected: bool = False


def row_of(ticket: Ticket, now: datetime, *, selected: bool = False) -> Row:
    """The line of ``ticket`` at ``now``."""
    return Row(
        number=ticket.number,
        title=ticket.summary,
        url=reverse("tickets:detail", args=[ticket.number]),
        priority=ticket.priority,
        service=ticket.business_system or "",
        mark=_mark(ticket),
        who=_who(ticket),
        is_group=ticket.assignee is None,
        source=ticket.source or "",
        at=ticket.created_at,
        state=ticket.state_label,
        chip=chip_of(ticket, now),
        order=order_of(ticket),
        version=ticket.version,
        selected=selected,
    )


def order_of(ticket: Ticket) -> str:
    """The place of ``ticket`` in a queue as text that sorts like ``indexes.QUEUE_ORDER`` (INC-18)."""
    due = int(ticket.queue_due_at.timestamp())
    return f"{ticket.priority_rank:02}.{due:012}.{ticket.complexity:02}.{ticket.pk:012}"


def _mark(ticket: Ticket) -> str:
    """What sets a line apart: tasks, vendor, urged, reopened, duplicate."""
    marks = []
    if ticket.children_total:
        done = ticket.children_total - ticket.children_open
        marks.append(_("tasks %(done)d/%(total)d") % {"done": done, "total": ticket.children_total})
    if ticket.supplier_id:
        marks.append(_("vendor"))
    if ticket.urge_count:
        marks.append(_("urged %(count)d") % {"count": ticket.urge_count})
    if ticket.reopen_count:
        marks.append(_("reopened %(count)d") % {"count": ticket.reopen_count})
    if ticket.duplicate_of_id:
        marks.append(_("duplicate"))
    return " · ".join(marks)


def _who(ticket: Ticket) -> str:
    if ticket.assignee is not None:
        return ticket.assignee.display_name
    if ticket.group is not None:
        name, unclaimed = ticket.group.name, _("unclaimed")
        return f"{name} · {unclaimed}" if ticket.is_live else name
    return _("not assigned")


def rows_of(tickets: Iterable[Ticket], now: datetime) -> list[Row]:
    """Lines of a list."""
    return [row_of(ticket, now) for ticket in tickets]


def steps_of(ticket: Ticket) -> list[dict[str, Any]]:
    """The stepper: the usual states, the present one marked; others than the usual take the present's place."""
    kind = ticket.kind_info
    states = list(kind.steps)
    current = ticket.state if ticket.state in states else _nearest_step(ticket)
    reached, over = states.index(current), ticket.phase == Phase.CLOSED
    if aside := ticket.ended_aside:  # nobody claims that it went all of the way
        passed = [{"label": kind.state_label(state), "status": "todo"} for state in states[:-1]]
        return [*passed, {"label": aside, "status": "now"}]
    return [
        {
            "label": ticket.state_label if state == current else kind.state_label(state),
            "status": "done" if number < reached or over else "now" if number == reached else "todo",
        }
        for number, state in enumerate(states)
    ]


def _nearest_step(ticket: Ticket) -> str:
    """Where a state beside the usual way stands: the first step, or the last one of an ended ticket."""
    steps = ticket.kind_info.steps
    if ticket.phase == Phase.CLOSED:
        return steps[-1]
    return steps[min(2, len(steps) - 1)] if ticket.responded_at else steps[0]


def buttons_of(ticket: Ticket, user: User) -> list[dict[str, Any]]:
    """What ``user`` may do now, as ``buttons``."""
    return buttons(ticket, available_actions(ticket, user))


def buttons(ticket: Ticket, available: Iterable[Available]) -> list[dict[str, Any]]:
    """Available actions, the likeliest first; what is held back says why, the main steps among them early."""
    offered = [item for item in available if item.action.menu]
    offered.sort(key=lambda item: (item.action.intent != "primary", not item.enabled, _place(item.action)))
    made = [
        {**button_of(item.action, ticket), "enabled": item.enabled, "reason": item.reason or ""} for item in offered
    ]
    made = [*made[:SHOWN], *sorted(made[SHOWN:], key=lambda button: SECTIONS.index(button["section"]))]
    free = iter(FREE_KEYS)
    return [
        {
            **button,
            "intent": "normal" if number and button["intent"] == "primary" else button["intent"],
            "key": button["key"] or (next(free, "") if button["enabled"] else ""),
        }
        for number, button in enumerate(made)
    ]


def item_buttons(ticket: Ticket, available: Iterable[Available]) -> list[dict[str, Any]]:
    """What is offered beside each configuration item: actions whose form an address may fill in with an item."""
    return [
        button_of(row.action, ticket)
        for row in available
        if row.enabled and row.action.asks and "item" in row.action.form_class.from_address
    ]


def _place(action: Action) -> tuple[int, bool, bool]:
    """The likeliest first, what ends badly last; between them what moves the ticket on, then what has a key."""
    return INTENT_ORDER[action.intent], not action.targets, not action.key


def button_of(action: Action, ticket: Ticket) -> dict[str, Any]:
    """An action as buttons and forms show it."""
    return {
        "name": action.name,
        "draft_key": f"{ticket.number}/{action.name}",
        "label": action.label,
        "help": _(action.help),
        "intent": action.intent,
        "icon": action.icon,
        "section": action.heading,
        "key": action.key,
        "has_form": action.asks,
        "url": reverse("tickets:action", args=[ticket.number, action.name]),
        "enabled": True,
        "reason": "",
    }


def pair(
    label: str, value: Any, url: str = "", badge: dict[str, str] | None = None, field: str = ""
) -> dict[str, Any]:
    """A line of ``components/kv.html``; moments are written in the person's time zone. ``field``: edited in place."""
    if isinstance(value, datetime):
        value = date_format(localtime(value), "Y-m-d H:i")
    return {"label": label, "value": value, "url": url, "badge": badge, "field": field}


def filled(pairs: Iterable[dict[str, Any]], editors: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Only the lines that say something, and those that this person can fill; see ``tickets.workspace.editing``."""
    editors = editors or {}
    lines = [{**line, "editor": editors.get(line["field"])} for line in pairs]
    return [line for line in lines if line["editor"] or line["value"] not in (None, "", [])]


def requester_facts(ticket: Ticket, editors: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Who asks, from where, and how to reach them."""
    person = ticket.requester
    return filled(
        [
            pair(pgettext("person", "Name"), person.display_name if person else _("Monitoring")),
            pair(_("Organisation"), ticket.organisation),
            pair(_("Department"), person.department if person else None),
            pair(
                _("Phone"),
                ticket.contact_phone,
                calling(ticket.contact_phone),
                field="contact_phone",
            ),
            pair(
                _("Email"),
                ticket.contact_email,
                f"mailto:{ticket.contact_email}" if ticket.contact_email else "",
                field="contact_email",
            ),
        ],
        editors,
    )


def classification_facts(ticket: Ticket, editors: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What it is and where it hurts."""
    system = ticket.business_system
    core = system is not None and system.system_class_id in {"core", "core_network"}
    badge = {"label": _("core"), "tone": "late"} if core else None
    return filled(
        [
            pair(_("Business system"), system, badge=badge, field="business_system"),
            pair(_("Primary engineer"), system.primary_engineer if system else None),
            pair(_("Deputy engineer"), system.deputy_engineer if system else None),
            pair(_("Category"), ticket.category, field="category"),
            pair(_("Nature"), ticket.nature, field="nature"),
            pair(_("Source"), ticket.source),
            pair(_("Impact"), ticket.impact, field="impact"),
            pair(_("Urgency"), ticket.urgency, field="urgency"),
        ],
        editors,
    )


def confirmation_of(ticket: Ticket) -> str:
    """Who said that it is solved, and how; empty while nobody did (INC-08)."""
    if ticket.confirmed_at is None:
        return ""
    at = date_format(localtime(ticket.confirmed_at), "Y-m-d H:i")
    return " · ".join(filter(None, [ticket.confirmed_by, ticket.get_confirmed_how_display(), at]))


def satisfaction_of(ticket: Ticket) -> str:
    """The requester's answer, marked when somebody else typed it (INC-10)."""
    if ticket.satisfaction_id is None:
        return ""
    heard = _("heard by phone") if ticket.satisfaction_heard else ""
    return " · ".join(filter(None, [str(ticket.satisfaction), heard]))


def handling_facts(ticket: Ticket, editors: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Who has it, since when, and what the kind adds."""
    own = import_string(ticket.kind_info.details)(ticket) if ticket.kind_info.details else []
    return filled(
        [
            pair(_("Group"), ticket.group, field="group"),
            pair(_("Assignee"), ticket.assignee, field="assignee"),
            pair(_("Registered by"), ticket.registered_by),
            pair(_("Created"), ticket.created_at),
            pair(_("Updated"), ticket.updated_at),
            pair(_("Planned response"), ticket.planned_response_at),
            pair(_("Actual response"), ticket.responded_at),
            pair(_("Responded in time"), _answered_in_time(ticket)),
            pair(_("Planned completion"), ticket.planned_completion_at),
            pair(_("Actual completion"), ticket.resolved_at),
            pair(_("Completed in time"), _yes_or_no(ticket.completed_in_time)),
            pair(pgettext("time", "Closed"), ticket.closed_at),
            pair(_("Waits for"), ticket.wait_reason if ticket.wait_reason_id else None),
            pair(_("Waits until"), ticket.wait_until),
            pair(_("Times waited"), ticket.wait_count if ticket.wait_count > 1 else None),
            pair(pgettext("ticket", "Confirmed"), confirmation_of(ticket)),
            pair(_("Satisfaction"), satisfaction_of(ticket)),
            pair(_("Comment"), ticket.satisfaction_comment),
            *(pair(label, value, field=next(iter(field), "")) for label, value, *field in own),
        ],
        editors,
    )


def escalation(ticket: Ticket, user: User) -> dict[str, Any] | None:
    """Since when it is escalated, and the button to take note of it, for the banner above the timeline."""
    if ticket.escalated_at is None or not ticket.is_live:
        return None
    action = ticket.kind_info.actions.get("acknowledge")
    may = action is not None and action.allow is not None and action.allow(ticket, user)
    return {"since": ticket.escalated_at, "action": button_of(action, ticket) if action and may else None}


def banner_of(ticket: Ticket, available: Iterable[Available], user: User, now: datetime) -> dict[str, Any] | None:
    """What the kind puts above the timeline for ``user``, with its ``template``; None for nothing."""
    panel = ticket.kind_info.banner
    return _shown(panel, ticket, available, user, now) if panel else None


def beside_of(ticket: Ticket, user: User, now: datetime) -> list[dict[str, Any]]:
    """The panels that the kind puts beside the ticket for ``user``, each with its ``template``."""
    panels = ticket.kind_info.beside
    available = available_actions(ticket, user) if panels else []
    return list(filter(None, (_shown(panel, ticket, available, user, now) for panel in panels)))


def _shown(
    panel: Panel, ticket: Ticket, available: Iterable[Available], user: User, now: datetime
) -> dict[str, Any] | None:
    found = import_string(panel.shows)(ticket, available, user, now)
    return {**found, "template": panel.template} if found else None


def prints_of(ticket: Ticket) -> dict[str, Any] | None:
    """The form of the ticket that is printed and archived; None for kinds without one (TKT-12)."""
    found = ticket.kind_info.prints
    return {"url": reverse(found[0], args=[ticket.number]), "label": found[1]} if found else None


def _answered_in_time(ticket: Ticket) -> str:
    """Whether it was responded to in time, which counts from the dispatch; a late one is said beside it (INC-22)."""
    said = _yes_or_no(ticket.responded_in_time)
    return (
        _("%(verdict)s, but dispatched late") % {"verdict": said}
        if said and ticket.dispatched_in_time is False
        else said
    )


def _yes_or_no(verdict: bool | None) -> str:
    return "" if verdict is None else _("Yes") if verdict else _("No")


def task_lines(ticket: Ticket) -> list[dict[str, Any]]:
    """The tasks of a ticket, in order."""
    return [task_line(task) for task in ticket.children.select_related("assignee", "group").order_by("id")]


def task_line(task: Ticket) -> dict[str, Any]:
    """A task of a ticket: number, state, who."""
    tones = {Phase.OPEN: "info", Phase.WAITING: "neutral", Phase.RESOLVED: "ok", Phase.CLOSED: "ok"}
    return {
        "number": task.number,
        "summary": task.summary,
        "url": task.get_absolute_url(),
        "state": task.state_label,
        "tone": tones[Phase(task.phase)],
        "who": _who(task),
    }


def not_understood() -> dict[str, Any]:
    """What stands in the place of a list whose address is wrong (``components/empty.html``)."""
    title, text = _("Nothing is shown"), _("Something in the address of this list cannot be understood.")
    return {"title": title, "text": text, "url": "", "label": "", "icon": "alert-circle"}


def export_address(source: str, query: str) -> str:
    """Where the list ``source`` is exported with the parameters of ``query``; see ``exporting.sources``."""
    return f"{reverse('exporting:ask')}?{urlencode({'source': source, 'query': query})}"
