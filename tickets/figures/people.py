"""Whose figures of a named person somebody may read (RPT-04): a setting of roles, the same in every door."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from itsm.web.filtering import ME, NONE


def people_refused(user: User, names: Iterable[str]) -> str:
    """Why ``user`` gets no figures of the people with these user names; empty where nothing is in the way.

    One's own are nobody else's business, and nobody's are of no person.
    """
    others = set(names) - {ME, NONE, user.username, ""}
    if not others or user.may(Permission.PEOPLE_FIGURES):
        return ""
    return _("Figures of other persons are for roles that see figures of persons by name.")
