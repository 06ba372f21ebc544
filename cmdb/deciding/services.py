"""Deciding what waits: a value, which item a seen thing is, whether it is there. One after the other with scans."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cmdb.authority import IN_USE, NotAllowed, Stamp
from cmdb.deciding.lines import overwritten
from cmdb.defining.preview import Preview
from cmdb.definitions import Definitions
from cmdb.inputs import Reader
from cmdb.life import RETIRED
from cmdb.models import ConfigurationItem, Difference, Sighting
from cmdb.services import create_item
from cmdb.transfer.discovery import PEOPLE, Answer, compare, one_at_a_time, settle, unseen_since
from cmdb.versioning.moments import present
from cmdb.writing import Draft, locked_items, write_items

Decision, What = Difference.Decision, Difference.What
#: What can be decided, by what waits.
POSSIBLE: Mapping[str, tuple[str, ...]] = {
    What.VALUE: (Decision.TAKEN, Decision.KEPT),
    What.GONE: (Decision.KEPT,),
    **dict.fromkeys(Difference.THINGS, Difference.OF_THINGS),
}
#: What can be taken back: nothing was written for it.
UNDOABLE = (Decision.KEPT, *Difference.OF_THINGS)


class Undecidable(NotAllowed):
    """The decision is not possible; the text says why."""


class NeedsReason(Undecidable):
    """What is kept out for good is kept out for a reason."""

    field = "reason"

    def __init__(self) -> None:
        super().__init__(_("Say why it is none of ours."))


class RetiredChosen(Undecidable):
    """An item that is no more was named, and not that this is meant."""

    field = "retired"


class Unread(Exception):  # noqa: N818 - asked of people
    """At once more of an item would be overwritten, or another value, than was agreed to; ``preview`` says what."""

    def __init__(self, item: ConfigurationItem, preview: Preview) -> None:
        text = _("At once this would be written to %(item)s, which is not in use: %(values)s.")
        if item.status_id in IN_USE:
            text = _("At once this would be written to %(item)s: %(values)s.")
        super().__init__(text % {"item": item.identifier, "values": "; ".join(preview.follows)})
        self.item, self.preview = item, preview


def digest_of(row: Difference) -> str:
    """Which content is decided about: another one when the source says something else, or the record does."""
    content = [row.what, row.field, row.recorded_value, row.seen_value, row.candidates]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@transaction.atomic
def decide(*, difference: Difference, taken: bool, stamp: Stamp, digest: str = "") -> None:
    """Take the seen value over under ``stamp``, or keep the record. Raises NotAllowed, Clash, Undecidable.

    What is there unseen is missed no longer, until the source saw it again and then no more.
    """
    row = _waiting(difference, Decision.TAKEN if taken else Decision.KEPT, digest)
    if taken and row.item:
        source = row.sighting.source if row.sighting.source not in PEOPLE else stamp.source
        draft = Draft(row.item.identifier, {row.field: row.seen_value}, row.item)
        if write_items([draft], replace(stamp, source=source)).claimed:
            raise Undecidable(_("A stronger source holds this value; rank the sources otherwise, or withdraw it."))
    _keep(row, Decision.TAKEN if taken else Decision.KEPT, stamp)
    if row.what == What.GONE and row.item and not _missed(row.item):
        ConfigurationItem.objects.filter(pk=row.item.pk).update(missing_since=None)


@transaction.atomic
def identify(
    *,
    difference: Difference,
    item: ConfigurationItem,
    stamp: Stamp,
    retired: bool = False,
    digest: str = "",
    agreed: str = "",
) -> Answer:
    """The seen thing is ``item``: from now on by its key; what it says is compared as discovery does.

    ``retired``: one that is no more is meant; nothing of it is written. ``agreed``: the mark of what was shown to be
    overwritten. Raises Undecidable, Unread.
    """
    row = _waiting(difference, Decision.ITEM, digest)
    [found] = locked_items([item.pk])
    if found.status_id == RETIRED and not retired:
        raise RetiredChosen(_("%(item)s is retired; say that you mean it.") % {"item": found.identifier})
    if found.merged_into:
        names = {"item": found.identifier, "other": found.merged_into.identifier}
        raise Undecidable(_("%(item)s was merged into %(other)s; choose that one.") % names)
    preview = overwritten(row, found, Definitions())
    if not preview.agreed(agreed):
        raise Unread(found, preview)
    return _join(row, found, stamp, Decision.ITEM)


@transaction.atomic
def record_new(
    *, difference: Difference, identifier: str, facts: Mapping[str, Any], stamp: Stamp
) -> ConfigurationItem:
    """Record the seen thing as a new item with ``facts`` (checked already). Raises Clash, NotAllowed, Undecidable."""
    row = _waiting(difference, Decision.NEW, "")
    made = create_item(identifier=identifier, facts=facts, stamp=stamp)
    _join(row, made, stamp, Decision.NEW)
    return made


@transaction.atomic
def leave_out(*, difference: Difference, stamp: Stamp, digest: str = "") -> None:
    """The seen thing is none of ours: kept out while the source says the same. Raises Undecidable, NeedsReason."""
    row = _waiting(difference, Decision.OUT, digest)
    if not stamp.reason.strip():
        raise NeedsReason
    _leave(row.sighting, None)
    _keep(row, Decision.OUT, stamp)


@transaction.atomic
def take_back(*, difference: Difference, stamp: Stamp) -> Difference:
    """Let what was decided wait again; the decision stays on record. Raises Undecidable."""
    row = _locked(difference)
    if not may_take_back(row):
        raise Undecidable(_("This can be taken back no more."))
    now = present()
    row.undone_at, row.undone_by = now, stamp.by
    row.save(update_fields=["undone_at", "undone_by"])
    if row.decision in Difference.OF_THINGS:
        _leave(row.sighting, None)
    said = {name: getattr(row, name) for name in ("what", "field", "recorded_value", "seen_value", "candidates")}
    item = None if row.decision in Difference.OF_THINGS else row.item
    return Difference.objects.create(sighting=row.sighting, item=item, found_at=now, **said)


def may_take_back(row: Difference) -> bool:
    """Whether it is the last word about its thing or value, and nothing was written for it."""
    if row.decision not in UNDOABLE or row.undone_at:
        return False
    later = Difference.objects.filter(sighting=row.sighting_id, pk__gt=row.pk, undone_at=None)
    later = later.exclude(decision=Decision.VOID)
    if row.decision in Difference.OF_THINGS:
        return not later.filter(what__in=Difference.THINGS).exists()
    return not later.filter(what=row.what, field=row.field).exists()


def _locked(difference: Difference) -> Difference:
    one_at_a_time()
    rows = Difference.objects.select_for_update(of=("self",)).select_related("sighting", "item")
    row = rows.filter(pk=difference.pk).first()
    if row is None:
        raise Undecidable(_("This was settled meanwhile: the source says something else by now."))
    return row


def _waiting(difference: Difference, decision: str, digest: str) -> Difference:
    """The row, held, when it still waits, with what was read, for such a decision. Raises Undecidable."""
    row = _locked(difference)
    if row.decision:
        raise Undecidable(_("Somebody decided this already."))
    if decision not in POSSIBLE[row.what]:
        raise Undecidable(otherwise_only(row, words_of(POSSIBLE[row.what])))
    if digest and digest != digest_of(row):
        raise Undecidable(_("The source says something else by now; look at it again."))
    return row


def otherwise_only(row: Difference, possible: Iterable[str]) -> str:
    """Why a decision is none here, and which are, as the reader names them."""
    words = {"what": row.get_what_display(), "possible": ", ".join(possible)}
    return _("%(what)s: this can be decided otherwise only: %(possible)s.") % words


def words_of(decisions: tuple[str, ...]) -> list[str]:
    """Decisions as people read them."""
    return [str(Decision(one).label) for one in decisions]


def _keep(row: Difference, decision: str, stamp: Stamp) -> None:
    """Who decided what, when, on which ground."""
    row.decision, row.decided_by, row.decided_at = decision, stamp.by, present()
    row.reason, row.reference = stamp.reason.strip()[:500], stamp.change[:60]
    row.save()


def _join(row: Difference, item: ConfigurationItem, stamp: Stamp, decision: str) -> Answer:
    sighting = row.sighting
    if other := _other_key(sighting, item):
        names = {"source": sighting.source, "key": other.key, "item": item.identifier}
        raise Undecidable(_("To %(source)s %(item)s is “%(key)s” already, and no item is two things.") % names)
    row.item = item
    _keep(row, decision, stamp)
    _leave(sighting, item)
    if item.status_id == RETIRED:
        return Answer(sighting.key, What.RETIRED.value, item.identifier)
    ConfigurationItem.objects.filter(pk=item.pk).exclude(missing_since=None).update(missing_since=None)
    assert stamp.by is not None  # noqa: S101 - people decide
    return compare(sighting, stamp.by, present(), Reader())


def _other_key(sighting: Sighting, item: ConfigurationItem) -> Sighting | None:
    """Another thing of the same source that is ``item`` already, and that the source did not cease to see."""
    others = Sighting.objects.filter(source=sighting.source, item=item).exclude(pk=sighting.pk)
    gone = Difference.objects.filter(unseen_since(), item=item, decision__in=["", Decision.KEPT])
    return others.exclude(pk__in=gone.values("sighting")).first()


def _leave(sighting: Sighting, item: ConfigurationItem | None) -> None:
    """From now on the thing is ``item``, or none; what waits of the one that it was waits no longer."""
    settle(sighting)
    if sighting.item_id != (item.pk if item else None):
        Difference.objects.filter(sighting=sighting, what=What.VALUE, decision="").delete()
        sighting.item = item
        sighting.save(update_fields=["item"])


def _missed(item: ConfigurationItem) -> bool:
    """Whether anybody else still misses it."""
    return Difference.objects.filter(item=item, what=What.GONE, decision="").exists()
