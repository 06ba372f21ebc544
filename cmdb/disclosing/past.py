"""The history of an item as its reader may know it."""

from __future__ import annotations

from dataclasses import replace

from accounts.models import User
from cmdb.definitions import Definitions
from cmdb.disclosing.facts import Disclosure
from cmdb.models import ConfigurationItem, ItemVersion
from cmdb.network.answers import allowed_for
from cmdb.versioning.history import Field, History, Line, Names, history_of
from cmdb.versioning.moments import Moment


def history_for(item: ConfigurationItem, user: User, moment: Moment) -> History:
    """Every recorded edit that ``user`` may know of, the newest first.

    Of customers: of the time when the item was theirs, without who wrote it, whence and why, what it rested on at the
    provider's, and everything that names people or items which are hidden from them.
    """
    names, told = Names(Definitions(moment.defined_at)), Disclosure(user)
    if told.everything:
        return history_of(item, names, moment=moment)
    versions = ItemVersion.objects.visible_to(user)
    whole = history_of(item, names, visible=allowed_for(user), versions=versions, moment=moment)
    return whole.told_as(lambda line: _disclosed(line, told))


def _disclosed(line: Line, told: Disclosure) -> Line:
    """The line without what is hidden."""
    fields = [field for field in line.fields if _reads(told, field)]
    return replace(line, fields=fields, by=None, reason="", source="", authority="", reference="")


def _reads(told: Disclosure, field: Field) -> bool:
    """Whether both values may be read; one that is empty names nothing."""
    return all(told.reads(field.name, value) for value in (field.before, field.after) if value)
