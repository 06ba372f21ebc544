"""What becomes of a write without a change."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from approvals.services import same_person
from changes.models import Change
from changes.unauthorised.models import WriteVerdict
from changes.unauthorised.queries import Write
from cmdb.models import ItemVersion
from tickets.actions import perform
from tickets.errors import ActionConflict


def may_judge(user: User) -> bool:
    """The configuration manager and those who manage changes."""
    return user.may(Permission.CMDB_MANAGE) or user.may(Permission.CHANGE_MANAGE)


def judge(*, write: Write, verdict: str, reason: str, user: User, via: str, now: datetime) -> WriteVerdict:
    """Say that ``write`` was right, with the reason; or request a change because of it. Once.

    Raises ActionConflict when somebody was faster, or says so of their own write, and what ``perform`` raises.
    """
    if verdict == WriteVerdict.Verdict.JUSTIFIED and write.version.by_id in same_person(user):
        raise ActionConflict(_("You wrote it: somebody else says whether it was right. You may request a change."))
    column = "item_version" if isinstance(write.version, ItemVersion) else "relation_version"
    try:
        with transaction.atomic():
            change = _requested(write, reason, user, via, now) if verdict == WriteVerdict.Verdict.TICKET else None
            said = {"verdict": verdict, "reason": reason, "change": change, "by": user, "at": now}
            return WriteVerdict.objects.create(**{column: write.version}, **said)
    except IntegrityError as error:
        raise ActionConflict(_("Somebody has said already what becomes of it.")) from error


def _requested(write: Write, reason: str, user: User, via: str, now: datetime) -> Change:
    """A simple change about the items, to be approved afterwards or taken back."""
    names = ", ".join(item.identifier for item in write.items)
    data = {
        "change_type": "simple",
        "summary": (_("Written without a change: %(items)s") % {"items": names})[:200],
        "reason": reason,
        "description": write.words,
        "items": [item.identifier for item in write.items],
    }
    made = perform(Change(), "register", user=user, data=data, via=via, now=now).ticket
    return made.specific  # type: ignore[return-value]  # it is one
