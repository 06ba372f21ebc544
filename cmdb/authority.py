"""Why a write is allowed: an approved change, a correction, an import … (CMDB-06). One guard for every door."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission


class Authority(models.TextChoices):
    """What a write rests on."""

    FIRST = "first", gettext_lazy("First entry")
    CHANGE = "change", gettext_lazy("Approved change")
    CORRECTION = "correction", gettext_lazy("Correction")
    OBSERVED = "observed", gettext_lazy("Observation")
    FREE = "free", gettext_lazy("Not yet in use")
    UNAUTHORISED = "none", gettext_lazy("No change")


#: In these states an item carries services: what is controlled needs an authority.
IN_USE = frozenset({"in_use", "in_maintenance"})
#: In these states an item serves nobody.
AWAY = frozenset({"planned", "in_stock", "in_maintenance", "retired"})

#: (reference of a change, identifiers, who writes, since when it is so; None: now) -> what stands against writing to
#: these items; empty: nothing.
Permit = Callable[[str, Collection[str], User | None, datetime | None], str]
_permits: list[Permit] = []


def register_permit(permit: Permit) -> None:
    """Let ``permit`` decide about references to changes: ``changes`` does this when it starts.

    It is called inside the transaction that writes, and locks the change, so that an approval withdrawn while somebody
    typed is noticed. It answers the reason of a refusal; an empty text allows.
    """
    _permits.append(permit)


def withdraw_permit(permit: Permit) -> None:
    """Take ``permit`` back."""
    _permits.remove(permit)


class NotAllowed(Exception):  # noqa: N818 - said to people: a refusal
    """The write is refused; the text says why and what would help. ``field``: what is to be said."""

    field = ""


class NotYet(NotAllowed):
    """What is written would be so only in the future: that is prepared in a change."""

    def __init__(self) -> None:
        super().__init__(_("This lies in the future; prepare it in a change."))


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Who writes, from where, why, on what ground; from when until when it was so (None: from now on, for ever).

    ``granted``: ground and reference on which the guard allowed the act of which this is a part.
    """

    by: User | None = None
    source: str = "page"
    reason: str = ""
    change: str = ""
    correction: bool = False
    observed: bool = False
    trusted: bool = False
    since: datetime | None = None
    until: datetime | None = None
    batch: Any = None
    granted: tuple[str, str] | None = None

    def check_since(self, now: datetime) -> None:
        """Nothing is written that is so only later than ``now``: it would stand nowhere. Raises NotYet."""
        if self.since is not None and self.since > now:
            raise NotYet


def authority_for(
    stamp: Stamp, *, used: Collection[str], controlled: Iterable[str], identifiers: Collection[str], now: datetime
) -> tuple[str, str]:
    """The ground and the reference under which fields of an item may be written. Raises NotAllowed.

    ``identifiers``: of the one item, or of both ends of a relation; a change that names one of them is enough. Whoever
    writes several items asks for each. ``used``: those that are in use; ``controlled``: those of the fields written
    that are controlled.
    """
    if stamp.granted:
        return stamp.granted
    fields = list(controlled)
    if stamp.change:
        _check_change(stamp, identifiers)
        return Authority.CHANGE, stamp.change
    if not used or not fields:
        return (Authority.OBSERVED if stamp.observed else Authority.FREE), ""
    if stamp.correction:
        _check_correction(stamp)
        return Authority.CORRECTION, ""
    if stamp.trusted:
        return Authority.UNAUTHORISED, ""
    raise NotAllowed(
        _("%(items)s is in use: this needs the number of an approved change, or a correction with its reason.")
        % {"items": ", ".join(used)}
    )


def _check_change(stamp: Stamp, identifiers: Collection[str]) -> None:
    if not _permits:
        raise NotAllowed(_("No change “%(number)s” is known.") % {"number": stamp.change})
    reasons = [permit(stamp.change, identifiers, stamp.by, stamp.since) for permit in _permits]
    if all(reasons):
        raise NotAllowed(reasons[0])


def _check_correction(stamp: Stamp) -> None:
    if stamp.by is None or not may_correct(stamp.by):
        raise NotAllowed(_("Only the configuration manager corrects the record."))
    if not stamp.reason.strip():
        raise NotAllowed(_("A correction needs its reason."))


def may_edit(user: User) -> bool:
    """Whoever keeps items: records new ones, observes, writes by a change."""
    return user.may(Permission.CMDB_EDIT) or user.may(Permission.CMDB_MANAGE)


def may_correct(user: User) -> bool:
    """The configuration manager."""
    return user.may(Permission.CMDB_MANAGE)
