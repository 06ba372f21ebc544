"""Writes that no change allowed, as a number of the board of changes."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from changes.unauthorised.queries import ANY, figures
from tickets.figures.others import Other
from tickets.figures.records import Span, written


def counted(user: User, span: Span, before: Span) -> list[Other]:
    """How many were written in the period; nothing for those who do not see every item."""
    if not user.may(Permission.CMDB_VIEW):
        return []
    now, then = (figures(user, one.start, one.edge)["all"] for one in (span, before))
    query = urlencode({"state": ANY, "from": written(span.start), "to": written(span.edge)})
    meaning = _("Writes to items in use in the period that no change allowed, whatever became of them since.")
    url = f"{reverse('changes:unauthorised')}?{query}"
    return [Other("unauthorised", _("Unauthorised changes"), meaning, now, then, url)]
