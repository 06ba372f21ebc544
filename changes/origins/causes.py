"""An emergency is never made twice for one cause without a review between (CHG-02)."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext as _

from changes.codes import EMERGENCY
from changes.models import Change
from changes.states import States
from tickets.errors import ActionConflict
from tickets.models import AffectedItem, TicketLink

Meaning = TicketLink.Meaning
#: Links of what is one trouble.
ONE = (Meaning.CHILD, Meaning.DUPLICATE, Meaning.FOLLOW_UP)
#: In these an emergency does not stand in the way of another: not asked for yet, never carried out, or reviewed.
NO_MATTER = (States.DRAFT, States.REJECTED, States.CANCELLED, States.REVIEWED, States.CLOSED)
BEGUN = (States.IMPLEMENTING, States.IMPLEMENTED, States.BACKED_OUT)


def refuse_second(change: Change, *, begun: bool = False) -> None:
    """Raise ActionConflict when an emergency that is not reviewed yet has the same cause. Others may have any.

    ``begun``: only one whose work has begun; of two that were decided before they turned out to be one, either may go.
    """
    if change.change_type_id != EMERGENCY:
        return
    others = Change.objects.filter(_same_cause(change), change_type_id=EMERGENCY)
    others = others.filter(state__in=BEGUN) if begun else others.exclude(state__in=NO_MATTER)
    others = others.filter(Q(external_system="") | Q(checked_at__isnull=False))  # what was imported happened elsewhere
    other = others.exclude(pk=change.pk).order_by("pk").first()
    if other is not None:
        raise ActionConflict(
            _("%(number)s was an emergency for the same cause; it must be reviewed first.") % {"number": other.number}
        )


def _same_cause(change: Change) -> Q:
    """The trouble of both, or an item that both touch; their system, where one names nothing it was raised from."""
    items = change.affected_items.values("item")
    same = Q(pk__in=AffectedItem.objects.filter(item__in=items).values("ticket"))
    of_system = _same_system(change)
    same |= of_system if change.raised_from_id is None else of_system & Q(raised_from=None)
    trouble = _trouble(change)
    return same | Q(pk__in=trouble) | Q(raised_from__in=trouble)


def _same_system(change: Change) -> Q:
    """Both name one system, or one names it and the other an item of it; two items of one system are two causes."""
    of_items = change.affected_items.values("item__business_system")
    same = Q(business_system__in=of_items)
    if change.business_system_id:
        beneath = AffectedItem.objects.filter(item__business_system=change.business_system_id)
        same |= Q(business_system=change.business_system_id) | Q(pk__in=beneath.values("ticket"))
    return same


def _trouble(change: Change) -> set[int]:
    """What it was raised from, also in turn; all that is the same trouble by its links; and what is related to these.

    What comes back after it was solved is the same, and so is what one problem causes; what a change caused is a
    trouble of its own.
    """
    found = {change.pk, *_given(change.raised_from_id)}
    while (wider := found | _raised(found) | _linked(found, ONE) | _of_one_problem(found)) != found:
        found = wider
    return found | _linked(found, (Meaning.RELATED,))


def _of_one_problem(keys: Collection[int]) -> set[int]:
    """The problems that cause ``keys``, and what those of ``keys`` that are problems cause."""
    rows = TicketLink.objects.filter(Q(source__in=keys) | Q(target__in=keys), meaning=Meaning.CAUSED_BY)
    ends = rows.exclude(target__kind="change").values_list("source_id", "target_id")
    return {key for pair in ends for key in pair}


def _given(key: int | None) -> Collection[int]:
    return () if key is None else (key,)


def _raised(keys: Collection[int]) -> set[int]:
    """What those of ``keys`` that are changes were raised from."""
    raised = Change.objects.filter(pk__in=keys, raised_from__isnull=False)
    return set(raised.values_list("raised_from_id", flat=True))


def _linked(keys: Collection[int], meanings: Collection[str]) -> set[int]:
    """Both ends of every relation of ``keys`` with one of these meanings."""
    rows = TicketLink.objects.filter(Q(source__in=keys) | Q(target__in=keys), meaning__in=meanings)
    return {key for ends in rows.values_list("source_id", "target_id") for key in ends}
