"""The history of an item as its reader may know it."""

from __future__ import annotations

from accounts.models import User
from cmdb.definitions import Definitions
from cmdb.disclosing.facts import Disclosure
from cmdb.models import ConfigurationItem, ItemVersion
from cmdb.network.answers import allowed_for
from cmdb.versioning.history import Field, Line, Names, history_of
from cmdb.versioning.moments import Moment


def history_for(item: ConfigurationItem, user: User, moment: Moment) -> list[Line]:
    """Every recorded edit that ``user`` may know of, the newest first.

    Of customers: of the time when the item was theirs, without who wrote it and why, what it rested on at the
    provider's, and everything that names people or items which are hidden from them.
    """
    names, told = Names(Definitions()), Disclosure(user)
    if told.everything:
        return history_of(item, names, moment=moment)
    versions = ItemVersion.objects.visible_to(user)
    lines = history_of(item, names, visible=allowed_for(user), versions=versions, moment=moment)
    for line in lines:
        line.by, line.reason = None, ""
        line.fields = [field for field in line.fields if _reads(told, field)]
    return [line for line in lines if line.fields or line.text]


def _reads(told: Disclosure, field: Field) -> bool:
    """Whether both values may be read; one that is empty names nothing."""
    return all(told.reads(field.name, value) for value in (field.before, field.after) if value)
