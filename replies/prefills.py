"""What a template puts into the form of a new ticket."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from replies.models import TicketTemplate
from replies.variables import fill_in
from tickets import clock
from tickets.lifecycle import Kind

#: Fields that name a row by its code, and those that are text.
CODES = ("category", "business_system", "nature", "impact", "urgency", "group")
TEXTS = ("summary", "description")


def template_values(user: User, kind: Kind, value: str) -> dict[str, Any]:
    """Initial values of the form from the template with this id; nothing for one that ``user`` may not use."""
    usable = TicketTemplate.objects.usable_by(user).filter(kind=kind.code)
    template = (
        usable.select_related(*CODES).filter(pk=value).first() if value.isdecimal() and len(value) < 10 else None
    )
    return {} if template is None else values_of(template, user)


def values_of(template: TicketTemplate, user: User) -> dict[str, Any]:
    """What ``template`` says, texts with their variables filled in."""
    now = clock.now()
    texts = {name: fill_in(getattr(template, name), user=user, now=now) for name in TEXTS}
    codes = {name: getattr(template, name).code for name in CODES if getattr(template, name) is not None}
    return codes | {name: text for name, text in texts.items() if text}
