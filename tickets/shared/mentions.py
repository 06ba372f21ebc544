"""``@username`` in what staff write: who is meant, and whether that person may read it (TKT-10, TKT-11)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Lower
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission

if TYPE_CHECKING:
    from tickets.models import Ticket

#: The key under which a timeline entry's ``data`` keeps who was mentioned.
FIELD = "mentions"
TOKEN = re.compile(r"(?<![A-Za-z0-9_.@＠+-])[@＠]([\w.+-]{1,150})")
MARK = re.compile("[@＠]")
LATIN = re.compile(r"[A-Za-z0-9_.+-]+")
MOST = 20


def names_in(text: str) -> list[str]:
    """What may be a user name behind an ``@``: the whole word, its Latin beginning, neither with a full stop."""
    found: dict[str, None] = {}
    for word in TOKEN.findall(text):
        latin = LATIN.match(word)
        for name in (word, latin[0] if latin else ""):
            found.setdefault(name.rstrip(".-+"))
    return [name for name in found if name]


def mentioned_in(text: str, writer: User) -> list[User]:
    """Colleagues whom ``text`` names, at most ``MOST``; nobody when the writer is no staff. One query."""
    names = names_in(text.lower()) if MARK.search(text) and writer.may(Permission.INTERNAL) else []
    found = User.objects.active().with_access().annotate(lower=Lower("username"))
    people = found.filter(lower__in=names[: 2 * MOST]) if names else []
    staff = [person for person in people if person.is_agent]
    return sorted(staff, key=lambda person: names.index(person.username.lower()))[:MOST]


def objection(person: User, ticket: Ticket, *, is_public: bool) -> str:
    """Why mentioning ``person`` would not reach them; empty when it does."""
    seen = type(ticket).objects.visible_to(person).filter(pk=ticket.pk)
    if not seen.exists():
        return _("%(person)s may not see this ticket and would not learn of it.") % {"person": person.display_name}
    if not is_public and not person.may(Permission.INTERNAL):
        return _("%(person)s may not read internal notes and would not learn of it.") % {"person": person.display_name}
    return ""


def drawn(text: str, people: Mapping[str, str]) -> SafeString:
    """``text`` escaped, with the names of ``people`` (by user name) in the place of their ``@username``."""
    if not people:
        return conditional_escape(text)
    wanted = "|".join(re.escape(name) for name in sorted(people, key=len, reverse=True))
    parts = re.split(rf"(?<![A-Za-z0-9_.@＠+-])[@＠]({wanted})(?![A-Za-z0-9_+-])", text, flags=re.IGNORECASE)
    by_name = {name.lower(): shown for name, shown in people.items()}
    pieces = [
        format_html('<span class="mention" title="@{}">@{}</span>', part, by_name[part.lower()])
        if number % 2
        else conditional_escape(part)
        for number, part in enumerate(parts)
    ]
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped above


def people_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Whom an entry's ``data`` says were mentioned: ``{id, zh, en}`` each."""
    return [row for row in data.get(FIELD) or [] if isinstance(row, dict)]
