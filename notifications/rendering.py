"""Writing messages: one notice, several of a ticket, or a digest; for a person or a room, in its language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.channels.mail import message_id
from notifications.channels.outgoing import Outgoing
from notifications.events import Channel, events
from notifications.links import CALL_EVENT, PASSWORD_EVENT, RATE_EVENT, Marks, link_for, with_links
from notifications.models import AnswerLink, Delivery, Notice
from notifications.telling.accounts import password_address
from notifications.texts import SHORT_LIMIT, Texts, line_of, link_of, numbered, spoken_to, values_of
from tickets.workspace.context import waiting_entries


class Writer:
    """Writes the messages of one batch; reads the edited templates of a language once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._texts: dict[str, Texts] = {}
        self._marks = Marks()

    def write(self, group: Sequence[Delivery]) -> dict[str, Any]:
        """The message that tells the first of ``group`` and carries the others, as it is stored."""
        lead, self._marks = group[0], Marks()
        language = _language(lead)
        zone = lead.recipient.time_zone if lead.recipient else ""
        with spoken_to(language, zone):
            texts = self._texts.setdefault(language, Texts.load(language))
            written = self._one(lead, texts) if len(group) == 1 else self._several(group, texts)
            return {
                **written,
                "links": self._marks.links,
                "passwords": self._marks.passwords,
                "language": language,
                "urgent": lead.urgent,
                "date": format_datetime(self.now),
                "thread": _thread(lead.notice) if lead.channel == Channel.EMAIL else "",
                "notices": _in_order(group) if lead.channel == Channel.WEBHOOK else [],
            }

    def _one(self, row: Delivery, texts: Texts) -> dict[str, Any]:
        notice = row.notice
        values = values_of(notice, reader=row.recipient, confirm=self._confirm(row))
        subject = line_of(notice, texts)
        body = texts.body(notice.event_info, values)
        short = texts.short(notice.event_info, values)
        if row.channel not in (Channel.EMAIL, Channel.SMS, Channel.WEBHOOK):
            short = f"{short}\n{link_of(notice)}"
        written = {"subject": subject, "text": _letter(row, [body or subject], link_of(notice)), "short": short}
        attached = notice.payload.get("attachment") if row.channel == Channel.EMAIL else None
        return written | ({"attachment": attached} if attached else {})

    def _several(self, group: Sequence[Delivery], texts: Texts) -> dict[str, str]:
        """One message for many notices; each of them is a line in it."""
        lines = [line_of(row.notice, texts) for row in group]
        tickets = {row.notice.ticket_id for row in group}
        lead = group[0]
        same = len(tickets) == 1 and lead.notice.ticket_id is not None
        more = len(group) - 1
        subject = (
            ngettext("%(line)s (and %(count)d more)", "%(line)s (and %(count)d more)", more)
            % {"line": lines[0], "count": more}
            if same
            else ngettext("%(count)d notice", "%(count)d notices", len(group)) % {"count": len(group)}
        )
        link = link_of(lead.notice) if same else f"{settings.SITE_URL}{reverse('notifications:list')}"
        short = f"{subject}\n{numbered(lines)}"
        parts = [numbered(lines), *_waiting(lead), *self._questions(group, texts)]
        return {"subject": subject, "text": _letter(lead, parts, link), "short": short[:SHORT_LIMIT]}

    def _questions(self, group: Sequence[Delivery], texts: Texts) -> list[str]:
        """What the reader is asked in full: a line among others would lose the link with which to answer."""
        asking = [row for row in group if row.notice.event_info.asks and row.channel == Channel.EMAIL]
        values = [values_of(row.notice, reader=row.recipient, confirm=self._confirm(row)) for row in asking]
        return [texts.body(row.notice.event_info, value) for row, value in zip(asking, values, strict=True)]

    def _confirm(self, row: Delivery) -> str:
        """The link with which the requester answers, or whoever is called in; only in mails to that person."""
        notice, reader = row.notice, row.recipient
        if notice.event == PASSWORD_EVENT and reader is not None:
            return self._marks.password()
        if not notice.event_info.asks or notice.ticket is None or reader is None or row.channel != Channel.EMAIL:
            return ""
        if notice.event == CALL_EVENT:
            return self._marks.address(link_for(user=reader, ticket=notice.ticket, now=self.now, call=notice.pk))
        if notice.ticket.requester_id != reader.pk:
            return ""
        purpose = AnswerLink.Purpose.RATE if notice.event == RATE_EVENT else AnswerLink.Purpose.SOLVED
        return self._marks.address(link_for(user=reader, ticket=notice.ticket, now=self.now, purpose=purpose))

    def outgoing(self, row: Delivery) -> Outgoing:
        """What the channel gets for ``row``, whose message is written: links are put in, which are never stored."""
        kept = row.rendered
        text = with_links(kept.get("text", ""), kept.get("links", {}))
        for mark in kept.get("passwords", ()):
            text = text.replace(mark, password_address(row.recipient)) if row.recipient else text
        return Outgoing(
            key=str(row.pk),
            channel=row.channel,
            to=_address(row),
            message_id=row.message_id or message_id_of(row),
            rendered={**kept, "text": text},
            url=row.endpoint.url if row.endpoint else "",
            secret=row.endpoint.secret if row.endpoint else "",
        )


def _waiting(row: Delivery) -> list[str]:
    """What else waits for the reader of a digest, such as decisions (DESK-02): a line for each list that has any."""
    if row.recipient is None or row.channel != Channel.EMAIL:
        return []
    counted = [(entry, entry.found(row.recipient).count()) for entry in waiting_entries()]
    return [
        _("%(what)s: %(count)d. %(link)s")
        % {"what": entry.label, "count": count, "link": f"{settings.SITE_URL}{reverse(entry.url_name)}"}
        for entry, count in counted
        if count
    ]


def message_id_of(row: Delivery) -> str:
    """The identification of the message, the same on every try and in every process."""
    return message_id(f"notice-{row.notice_id}.{row.pk}")


def _thread(notice: Notice) -> str:
    """What groups the mails of one ticket in the reader's mailbox."""
    number = notice.payload.get("number")
    return message_id(f"ticket-{number}") if number else ""


def _language(row: Delivery) -> str:
    chosen = row.recipient.language if row.recipient else (row.endpoint.language if row.endpoint else "")
    return chosen or settings.LANGUAGE_CODE


def _address(row: Delivery) -> str:
    if row.recipient is None:
        return ""
    return row.recipient.mobile if row.channel == Channel.SMS else row.recipient.email


def _letter(row: Delivery, parts: Sequence[str], link: str) -> str:
    return letter(row.recipient.display_name if row.recipient else "", parts, link)


def letter(name: str, parts: Sequence[str], link: str) -> str:
    """The text of a mail to ``name``: greeting, what happened, where to look, why one is told."""
    greeting = [_("Hello %(name)s,") % {"name": name}] if name else []
    choices = f"{settings.SITE_URL}{reverse('notifications:choices')}"
    foot = ["-- ", _("Choose what you are told, and how: %(link)s") % {"link": choices}] if name else []
    return "\n\n".join([*greeting, *parts, link]) + ("\n\n" + "\n".join(foot) if foot else "") + "\n"


def _in_order(group: Sequence[Delivery]) -> list[dict[str, Any]]:
    """The notices of a message for programs, oldest first; of one moment as events are listed: received, assigned …"""
    place = {event.code: number for number, event in enumerate(events())}
    notices = [row.notice for row in group]
    notices.sort(key=lambda notice: (notice.created_at, place.get(notice.event, len(place)), notice.pk))
    return [_as_data(notice) for notice in notices]


def _as_data(notice: Notice) -> dict[str, Any]:
    """A notice for programs: only what the ticket's public part and the event say (ORG-03)."""
    kept = notice.payload
    return {
        "event": notice.event,
        "urgent": notice.urgent,
        "due_at": notice.due_at.isoformat(),
        "created_at": notice.created_at.isoformat(),
        "ticket": kept.get("number"),
        "summary": kept.get("summary"),
        "priority": kept.get("priority"),
        "state": kept.get("state"),
        "link": link_of(notice),
    }
