"""Writing the manager's words about a month of changes."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from changes.monthly.models import MonthlyWords
from tickets.figures.months import Month
from tickets.shared.forms import text_field


class WordsForm(forms.Form):
    """What the manager says, for page and API."""

    text = text_field(_("What this month shows"), rows=6)


def may_read(user: User) -> bool:
    """Staff who read internal notes."""
    return user.may(Permission.INTERNAL)


def may_write(user: User) -> bool:
    """Change managers."""
    return may_read(user) and user.may(Permission.CHANGE_MANAGE)


def words_of(month: Month) -> MonthlyWords | None:
    """The newest words about ``month``."""
    return MonthlyWords.objects.filter(month=month.start.date()).select_related("written_by").first()


def write_words(*, month: Month, text: str, user: User, now: datetime) -> MonthlyWords:
    """Store what was written; what was written before stays."""
    return MonthlyWords.objects.create(month=month.start.date(), text=text, written_by=user, written_at=now)
