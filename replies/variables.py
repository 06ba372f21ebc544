"""The words in braces that texts may use. A fixed list and plain replacing: no language, nothing is run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from accounts.models import User
from tickets.models import Ticket

BRACES = re.compile(r"\{([^{}\s]{1,40})\}")


#: Variables that a ticket fills in: (what it says, how). Moments are written in the reader's zone.
OF_TICKET: dict[str, tuple[Any, Callable[[Ticket], Any]]] = {
    "number": (_l("number of the ticket"), lambda ticket: ticket.number),
    "summary": (_l("its summary"), lambda ticket: ticket.summary),
    "state": (_l("its state"), lambda ticket: ticket.state_label),
    "requester": (_l("name of the requester"), lambda ticket: ticket.requester),
    "organisation": (_l("organisation of the requester"), lambda ticket: ticket.organisation),
    "system": (_l("business system"), lambda ticket: ticket.business_system),
    "group": (_l("group that has it"), lambda ticket: ticket.group),
    "assignee": (_l("person who has it"), lambda ticket: ticket.assignee),
    "due": (_l("planned completion"), lambda ticket: ticket.planned_completion_at),
}
#: Variables that the writer and the day fill in, by the reader's clocks.
OF_WRITER: dict[str, tuple[Any, Callable[[User, datetime], Any]]] = {
    "me": (_l("your name"), lambda user, now: user.display_name),
    "my_phone": (_l("your phone"), lambda user, now: user.phone or user.mobile),
    "my_email": (_l("your email"), lambda user, now: user.email),
    "today": (_l("the date"), lambda user, local: f"{local:%Y-%m-%d}"),
    "now": (_l("date and time"), lambda user, local: local),
}


def described(*lists: dict[str, tuple[Any, Any]]) -> list[tuple[str, Any]]:
    """Name in braces and meaning of each variable."""
    return [(f"{{{name}}}", meaning) for variables in lists for name, (meaning, _fill) in variables.items()]


def check_variables(text: str, known: Iterable[str]) -> None:
    """Raise ValidationError naming the words in braces that are no variables."""
    unknown = sorted(set(BRACES.findall(text)) - set(known))
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in unknown)
        raise ValidationError(_("There is no variable %(names)s.") % {"names": names})


def fill_in(text: str, *, user: User, now: datetime, ticket: Ticket | None = None, zone: tzinfo | None = None) -> str:
    """``text`` with its variables replaced, in the active language. ``zone``: that of its reader, or the portal's.

    What the ticket does not say becomes empty; other words in braces stay as they are.
    """
    zone = zone or get_default_timezone()

    def said(value: Any) -> str:
        return f"{localtime(value, zone):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value or "")

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in OF_WRITER:
            return said(OF_WRITER[name][1](user, localtime(now, zone)))
        if name in OF_TICKET:
            return "" if ticket is None else said(OF_TICKET[name][1](ticket))
        return found[0]

    return BRACES.sub(value, text)
