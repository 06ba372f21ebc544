"""What notices say: templates filled for a reader, in the reader's language and time zone.

Templates know the words of ``PLACEHOLDERS`` and nothing else: no expressions, no attributes, no tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.codes import in_language
from notifications.events import PLACEHOLDERS, Event
from notifications.models import Notice, NoticeTemplate, payload_text
from tickets.lifecycle import kind_of

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket

WORD = re.compile(r"\{(\w+)\}")
#: Later than this a notice says how late it is.
LATE = timedelta(seconds=60)
#: What a chat room or a telephone shows of a text.
SHORT_LIMIT = 300


def one_line(text: str) -> str:
    """``text`` without line breaks: what people typed must not end a header."""
    return " ".join(text.split())


def unknown_words(text: str) -> list[str]:
    """Words in braces that are no placeholder."""
    return sorted({word for word in WORD.findall(text) if word not in PLACEHOLDERS})


def fill(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its placeholders replaced; what is inserted is never looked at again."""
    return WORD.sub(lambda found: values.get(found[1], ""), text)


@contextmanager
def spoken_to(language: str, zone: str = "") -> Iterator[None]:
    """Speak ``language`` and tell times in ``zone``; the portal's own when empty."""
    with (
        translation.override(language or settings.LANGUAGE_CODE),
        timezone.override(ZoneInfo(zone or settings.TIME_ZONE)),
    ):
        yield


@dataclass
class Texts:
    """Edited templates of one language, read once for many notices. Use inside ``spoken_to``."""

    edited: dict[tuple[str, str], NoticeTemplate] = field(default_factory=dict)

    @classmethod
    def load(cls, language: str = "") -> Texts:
        """The edited templates of ``language``, the active one unless given. One query."""
        wanted = language or translation.get_language() or settings.LANGUAGE_CODE
        rows = NoticeTemplate.objects.filter(language=wanted)
        return cls({(row.event, row.channel): row for row in rows})

    def subject(self, event: Event, values: Mapping[str, str]) -> str:
        """The line of the bell and of mails; one line, whatever was typed into its values."""
        edited = self.edited.get((event.code, NoticeTemplate.Form.EMAIL))
        return one_line(fill((edited.subject if edited else "") or str(event.subject), values))

    def body(self, event: Event, values: Mapping[str, str]) -> str:
        """What mails say beyond the subject."""
        edited = self.edited.get((event.code, NoticeTemplate.Form.EMAIL))
        return fill(edited.body if edited else str(event.body), values).strip()

    def short(self, event: Event, values: Mapping[str, str]) -> str:
        """What telephones and chat rooms show."""
        edited = self.edited.get((event.code, NoticeTemplate.Form.SHORT))
        text = fill(edited.body if edited else str(event.short or event.subject), values)
        return text[:SHORT_LIMIT]


def values_of(notice: Notice, *, reader: User | None = None, confirm: str = "") -> dict[str, str]:
    """The values of all placeholders, in the active language. Loads the ticket's names when they are not loaded."""
    ticket, payload = notice.ticket, notice.payload
    return {
        "number": payload_text(payload, "number"),
        "summary": _name(payload.get("summary")),
        "priority": payload_text(payload, "priority") or _kind(payload),
        "state": _state(payload),
        "actor": _name(payload.get("actor")) or _("The portal"),
        "text": _text(payload),
        "due": _moment(payload.get("due")),
        "late": late_text(notice),
        "link": link_of(notice),
        "confirm": confirm or link_of(notice),
        "recipient": reader.display_name if reader else "",
        **_names_of(ticket),
    }


def _kind(payload: dict[str, Any]) -> str:
    """What stands where the priority of a ticket would, when its kind has none: the kind's name."""
    try:
        return str(kind_of(payload["kind"]).label)
    except KeyError:  # a notice about no ticket
        return ""


def _names_of(ticket: Ticket | None) -> dict[str, str]:
    if ticket is None:
        return dict.fromkeys(("group", "assignee", "requester", "organisation", "system"), "")
    return {
        "group": str(ticket.group or "—"),
        "assignee": str(ticket.assignee or "—"),
        "requester": str(ticket.requester or "—"),
        "organisation": str(ticket.organisation),
        "system": str(ticket.business_system or "—"),
    }


def snapshot(ticket: Ticket) -> dict[str, Any]:
    """What a notice remembers of ``ticket``. Reads the row's own columns only: no query."""
    return {
        "number": ticket.number,
        "summary": ticket.summary,
        "priority": ticket.priority_id or "",
        "kind": ticket.kind,
        "state": ticket.state,
    }


def named(row: Any) -> dict[str, str]:
    """The names of a person, kept for readers of either language."""
    return {"zh": row.full_name, "en": row.full_name_en or row.full_name}


def link_of(notice: Notice) -> str:
    """The address that the notice is about, at the configured host."""
    path = notice.payload.get("path") or (
        reverse("tickets:detail", args=[notice.payload["number"]]) if notice.payload.get("number") else ""
    )
    return f"{settings.SITE_URL}{path}" if path else settings.SITE_URL


def late_text(notice: Notice) -> str:
    """How late it was stored; empty when in time."""
    late = notice.created_at - notice.due_at
    return _("late by %(time)s") % {"time": span_text(late)} if late > LATE else ""


def span_text(span: timedelta) -> str:
    """A duration in days, hours, minutes."""
    minutes = int(span.total_seconds() // 60)
    parts = [(minutes // 1440, _("%(n)s d")), (minutes // 60 % 24, _("%(n)s h")), (minutes % 60, _("%(n)s min"))]
    return " ".join(text % {"n": count} for count, text in parts if count) or _("%(n)s min") % {"n": 0}


def _state(payload: Mapping[str, Any]) -> str:
    try:
        return str(kind_of(payload["kind"]).state_label(payload["state"]))
    except (KeyError, ValueError):
        return payload_text(dict(payload), "state")


def _name(value: Any) -> str:
    return in_language(value.get("zh", ""), value.get("en", "")) if isinstance(value, dict) else str(value or "")


def _text(payload: Mapping[str, Any]) -> str:
    return _name(payload.get("text"))


def _moment(value: Any) -> str:
    found = parse_datetime(value) if isinstance(value, str) else value
    return timezone.localtime(found).strftime("%Y-%m-%d %H:%M") if isinstance(found, datetime) else ""


def line_of(notice: Notice, texts: Texts) -> str:
    """The one line that stands for ``notice`` in the bell and in lists of several."""
    late = late_text(notice)
    line = texts.subject(notice.event_info, values_of(notice))
    return f"{line} ({late})" if late else line


def example(event: Event, language: str) -> dict[str, str]:
    """Invented values, for previews."""
    with spoken_to(language):
        number = "IM261122000017"
        return {
            **dict.fromkeys(PLACEHOLDERS, ""),
            "number": number,
            "summary": _("The mail server answers slowly"),
            "priority": "P2",
            "state": _("In progress"),
            "group": _("First line"),
            "assignee": in_language("李明", "Li Ming"),
            "requester": in_language("王芳", "Wang Fang"),
            "organisation": in_language("某某交易所", "Example Exchange"),
            "system": in_language("办公内网邮件系统", "Mail"),
            "actor": in_language("李明", "Li Ming"),
            "text": _("We are looking into it."),
            "due": "2026-11-23 10:00",
            "link": f"{settings.SITE_URL}/tickets/{number}/",
            "confirm": f"{settings.SITE_URL}/answer/1.example/",
            "recipient": in_language("王芳", "Wang Fang"),
        }


def previews(event: Event, language: str, subject: str, body: str) -> dict[str, Any]:
    """A template that is being written, filled with invented values; and its words that are no placeholders."""
    values = example(event, language)
    with spoken_to(language):
        return {
            "subject": one_line(fill(subject or str(event.subject), values)),
            "body": fill(body, values),
            "unknown": unknown_words(subject + body),
        }


def numbered(lines: Iterable[str]) -> str:
    """Lines as a list."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))
