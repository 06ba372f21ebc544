"""The activity log as people read it: one presenter for pages and API (TKT-03)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Field, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.codes import in_language
from accounts.models import Organisation, User
from accounts.permissions import Permission
from tickets.events import EVENTS
from tickets.lifecycle import CALLED, Action, Kind, kinds
from tickets.models import Attachment, Ticket, TicketLink, TimelineEntry
from tickets.rules import is_supplier
from tickets.shared.mentions import FIELD as MENTIONS
from tickets.shared.mentions import people_of

EVENT_ICONS = {
    "linked": "link",
    "caused": "puzzle",
    "causes_written": "zoom-scan",
    "note_written": "zoom-scan",
    "evidence_written": "zoom-scan",
    "hypothesis_written": "zoom-scan",
    "hypothesis_judged": "zoom-scan",
    "task_over": "subtask",
    "follows": "rotate-clockwise",
    "followed_up": "rotate-clockwise",
    "taken_back": "arrow-back-up",
}


@dataclass(frozen=True)
class Change:
    """A value that a step changed: texts for people, stored values for programs."""

    field: str
    label: str
    old: str
    new: str
    old_value: Any = None
    new_value: Any = None


@dataclass(frozen=True)
class Attached:
    """A file that came with a step."""

    id: int
    name: str
    size: int
    content_type: str
    is_image: bool

    @property
    def url(self) -> str:
        """Where the page gets the file."""
        return reverse("tickets:attachment", args=[self.id])

    @property
    def preview_url(self) -> str:
        """Where the page gets a small picture of it; empty when there is none."""
        return reverse("tickets:preview", args=[self.id]) if self.is_image else ""


@dataclass(frozen=True)
class Line:
    """A line of the timeline, as ``components/timeline_entry.html`` and the API show it.

    ``tone``: system, internal, public, clock or warning. ``title`` continues the actor's name.
    """

    id: int
    action: str
    icon: str
    tone: str
    actor: str | None
    actor_name: str
    title: str
    at: datetime
    text: str
    is_public: bool
    via: str
    state_from: str
    state_to: str
    changes: list[Change] = field(default_factory=list)
    #: Names of the people whom the text mentions, by user name.
    mentions: dict[str, str] = field(default_factory=dict)
    #: Codes of the states, empty like their names.
    from_code: str = ""
    to_code: str = ""
    attachments: list[Attached] = field(default_factory=list)


def entries_for(ticket: Ticket, user: User) -> QuerySet[TimelineEntry]:
    """The entries of ``ticket`` that ``user`` may read, with what ``present`` needs: two queries."""
    found = ticket.timeline.select_related("actor").prefetch_related("attachments")
    if user.may(Permission.INTERNAL):
        return found
    read = Q(is_public=True)
    return found.filter(read | of_supplier(ticket, user) if is_supplier(ticket, user) else read)


def of_supplier(ticket: Ticket, user: User, entry: str = "") -> Q:
    """What was said between us and the supplier of ``user`` since they were called in last (INC-14). One query.

    The condition on the entries, or on what has its entry at ``entry``.
    """
    actions = ticket.kind_info.actions
    called = [name for name, action in actions.items() if action.supplier == CALLED]
    begun = ticket.timeline.filter(action__in=called).order_by("-at", "-id").values_list("at", flat=True).first()
    if begun is None:
        return Q(pk__in=())
    told = [name for name, action in actions.items() if action.supplier]
    return Q(**{f"{entry}action__in": told, f"{entry}at__gte": begun})


def attachments_for(ticket: Ticket, user: User) -> QuerySet[Attachment]:
    """The files of ``ticket`` that ``user`` may read.

    Requesters get the public ones, people of its supplier also those that came with what they were asked and answered.
    """
    found = ticket.attachments.select_related("created_by")
    if user.may(Permission.INTERNAL):
        return found
    read = Q(is_public=True)
    return found.filter(read | of_supplier(ticket, user, "entry__") if is_supplier(ticket, user) else read)


def changes_since(ticket: Ticket, version: int, user: User) -> list[Line]:
    """What others did to ``ticket`` after ``version``, the newest 20 (TKT-07)."""
    later = entries_for(ticket, user).filter(version__gt=version).order_by("-at", "-id")[:20]
    return present(list(later)[::-1], user, ticket.kind_info)


def present(entries: Iterable[TimelineEntry], user: User, kind: Kind, *, values: bool = False) -> list[Line]:
    """Turn ``entries`` into lines in the active language. Runs no query when they come from ``entries_for``.

    With ``values``, registering too shows what was typed: pages have it in the ticket's properties.

    Who may not read internal notes gets public entries only, and never the values that changed.
    """
    internal = user.may(Permission.INTERNAL)
    own = {name for name, action in kind.actions.items() if action.supplier} if _supplies(user) else set()
    read = [entry for entry in entries if internal or entry.is_public or entry.action in own]
    return [_line(entry, kind, internal, values=values, own=entry.action in own) for entry in read]


def _supplies(user: User) -> bool:
    return user.organisation.kind == Organisation.Kind.SUPPLIER


def _line(entry: TimelineEntry, kind: Kind, internal: bool, *, values: bool = False, own: bool = False) -> Line:
    """``own``: it was said to or by the reader's supplier. A public entry may carry files that are not (INC-12)."""
    action = kind.actions.get(entry.action)
    return Line(
        id=entry.pk,
        action=entry.action,
        icon=action.icon if action else _event_icon(entry.action),
        tone=_tone(entry, action, internal),
        actor=entry.actor.username if entry.actor else None,
        actor_name=entry.actor.display_name if entry.actor else "",
        title=str(action.done) if action else _event_sentence(entry, kind),
        at=entry.at,
        text="" if action and action.private_text and not internal else entry.text,
        is_public=entry.is_public,
        via=entry.via,
        state_from=_state_name(entry.state_from, kind),
        state_to=_state_name(entry.state_to, kind),
        from_code=entry.state_from,
        to_code=entry.state_to,
        changes=_changes(entry, kind, action, values=values) if internal else [],
        mentions={row["id"]: in_language(row["zh"], row["en"]) for row in people_of(entry.data)},
        attachments=[_attached(row) for row in entry.attachments.all() if internal or own or row.is_public],
    )


def _tone(entry: TimelineEntry, action: Action | None, internal: bool) -> str:
    """Warnings first, then what somebody wrote, by who reads it; the rest are steps."""
    if action is not None and (action.name == "urge" or action.intent == "danger"):
        return "warning"
    private = action is not None and action.private_text
    if action is not None and (entry.text or action.name in ("comment", "note")) and (internal or not private):
        return "public" if entry.is_public and not private else "internal"
    return "system"


def _event_icon(event: str, icon: str = "point") -> str:
    return EVENT_ICONS.get(event, icon)


def _attached(row: Attachment) -> Attached:
    return Attached(row.pk, row.name, row.size, row.content_type, row.is_image)


def _event_sentence(entry: TimelineEntry, kind: Kind) -> str:
    """The sentence of ``tickets.events``, with states and meanings by their names."""
    sentence = EVENTS.get(entry.action)
    if sentence is None:
        return entry.action
    plain = {key: _text(value, None, {}) if isinstance(value, dict) else value for key, value in entry.data.items()}
    words: dict[str, Any] = defaultdict(str, plain)
    if "state" in entry.data:
        words["state"] = _state_name(str(entry.data["state"]), _kind_of_number(entry.data.get("number")) or kind)
    if "meaning" in entry.data:
        words["meaning"] = dict(TicketLink.Meaning.choices).get(entry.data["meaning"], entry.data["meaning"])
    if taken := kind.actions.get(str(entry.data.get("step", ""))):
        words["step"] = taken.done
    return str(sentence % words)


def _kind_of_number(number: Any) -> Kind | None:
    return next((kind for kind in kinds() if str(number or "").startswith(kind.prefix)), None)


def _state_name(state: str, kind: Kind) -> str:
    return str(kind.state_label(state)) if state in kind.states.values else state


def _changes(entry: TimelineEntry, kind: Kind, action: Action | None, *, values: bool = False) -> list[Change]:
    """The state, then the columns that changed, then what else was chosen in the form."""
    found = []
    if entry.state_from and entry.state_from != entry.state_to:
        names = (_state_name(entry.state_from, kind), _state_name(entry.state_to, kind))
        found.append(Change("state", _("State"), *names, entry.state_from, entry.state_to))
    changed = [(item["field"], item["old"], item["new"]) for item in entry.changes]
    if action is not None and (values or not action.creates) and not action.form_class.keeps_missing:
        chosen = [(name, value) for name, value in entry.data.items() if name != MENTIONS]
        chosen = [(name, value) for name, value in chosen if not action.creates or value not in (None, "", [])]
        chosen = [(name, value) for name, value in chosen if name not in action.form_class.unlogged]
        changed += [(name, value, None) if action.removes else (name, None, value) for name, value in chosen]
    return _each_once([*found, *(_change(name, old, new, kind, action) for name, old, new in changed)])


def _each_once(changes: list[Change]) -> list[Change]:
    """Without what was chosen in the form under the label of a column that it changed."""
    return list({change.label: change for change in reversed(changes)}.values())[::-1]


def _change(name: str, old: Any, new: Any, kind: Kind, action: Action | None) -> Change:
    column = _column(kind, name)
    asked = action.form_class.base_fields.get(name) if action else None
    label = column.verbose_name if column is not None else (asked.label if asked is not None else kind.names.get(name))
    choices = _plain_choices(column, asked)
    shown = getattr(asked, "shown", None)  # a field that knows better than its value how people read it
    return Change(
        field=name,
        label=capfirst(str(label or name)),
        old=shown(old) if shown and old is not None else _text(old, column or asked, choices),
        new=shown(new) if shown and new is not None else _text(new, column or asked, choices),
        old_value=_value(old),
        new_value=_value(new),
    )


def _column(kind: Kind, name: str) -> Field[Any, Any] | None:
    try:
        found = kind.model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def _plain_choices(column: Field[Any, Any] | None, asked: Any) -> dict[Any, Any]:
    """Names of values that come from a fixed list, never from a table."""
    if column is not None and column.choices:
        return dict(column.flatchoices)
    if asked is not None and not hasattr(asked, "queryset"):
        return dict(getattr(asked, "choices", None) or ())
    return {}


def _text(value: Any, about: Field[Any, Any] | forms.Field | None, choices: dict[Any, Any]) -> str:
    """A stored value in the active language and time zone. ``about``: the column or the form's field of it."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return str(in_language(value.get("zh", ""), value.get("en", "")) or value.get("id", ""))
    if isinstance(value, list):
        return ", ".join(_text(item, about, choices) for item in value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(about, DateTimeField | forms.DateTimeField):
        moment = parse_datetime(str(value))
        return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else str(value)
    return str(choices.get(value, value))


def _value(value: Any) -> Any:
    """A stored value for programs: rows by their code."""
    if isinstance(value, dict):
        return value.get("id")
    return [_value(item) for item in value] if isinstance(value, list) else value
