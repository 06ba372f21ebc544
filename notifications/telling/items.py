"""What people are told of configuration items: what ends soon, which spare parts run low, what is handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.codes import in_both
from accounts.models import User
from accounts.permissions import Permission
from cmdb.confirming.services import to_confirm, waiting_by_owner
from cmdb.custody.services import handover_moved
from cmdb.ending.services import Ending, endings, low_since
from cmdb.models import Handover, SparePart
from cmdb.models.ending import Ends
from itsm.moments import portal_day
from notifications.events import Event, register_event
from notifications.models import Notice
from notifications.services import give_notice
from notifications.texts import named

register_event(
    Event(
        code="item_ends",
        label=_("Warranty, contract or licence of an item of yours ends"),
        subject="{summary}: {text}",
        icon="calendar-exclamation",
        presses=False,
    ),
    Event(
        code="spares_low",
        label=_("A spare part runs low"),
        subject=_("Less than the minimum: {summary}, {text}"),
        icon="packages",
        presses=False,
    ),
    Event(
        code="items_to_confirm",
        label=_("Configuration items of yours wait to be confirmed"),
        subject=_("To be confirmed: {summary}"),
        icon="checks",
        presses=False,
    ),
    Event(
        code="item_handover",
        label=_("A configuration item is handed over to you, or your handover is answered"),
        subject=_("Handover of {summary}: {text}"),
        body="{actor}",
        icon="signature",
        presses=False,
    ),
)


@receiver(handover_moved)
def tell_handover(
    sender: Any, handover: Handover, people: list[User], by: User, now: datetime, **context: Any
) -> None:
    """Store the notice of a step of a handover, in its transaction."""
    give_notice(
        key=f"item_handover:{handover.pk}:{handover.state}",
        event="item_handover",
        ticket=None,
        recipients=people,
        urgent=False,
        at=now,
        payload={
            "actor": named(by),
            "summary": f"{handover.item.identifier} {handover.item.name}",
            "text": in_both(lambda: str(handover.get_state_display())),
            "path": reverse("cmdb:handover", args=[handover.pk]),
        },
        rooms=False,
    )


def tell_endings(now: datetime) -> int:
    """Tell what has passed a limit and was not told at it yet; return how many notices. Idempotent."""
    today, told = portal_day(now), 0
    managers = _managers()
    for ending in endings(today):
        told += _tell_ending(ending, managers, now)
    for part in SparePart.objects.running_low():
        told += _tell_low(part, managers, now)
    return told


def tell_confirmations(now: datetime) -> int:
    """Tell owners whose items newly wait for their word, one notice however many; return how many. Idempotent.

    A period of an item begins to wait on one day, and each owner is told at most once of what began by that day.
    """
    told = 0
    for owner, _count, newest in waiting_by_owner(now):
        person = User.objects.active().filter(username=owner).first()
        if person is None:
            continue
        prefix, day = f"items_to_confirm:{person.pk}:", portal_day(newest).isoformat()
        keys = Notice.objects.filter(event="items_to_confirm", key__startswith=prefix).values_list("key", flat=True)
        if max(keys, default="") < prefix + day and (count := to_confirm(person, now).count()):
            told += _tell_confirming(person, count, prefix + day, now)
    return told


def _tell_confirming(person: User, count: int, key: str, now: datetime) -> bool:
    def counted() -> str:
        return ngettext("%(count)d configuration item", "%(count)d configuration items", count) % {"count": count}

    notice = give_notice(
        key=key,
        event="items_to_confirm",
        ticket=None,
        recipients=[person],
        urgent=False,
        at=now,
        payload={"summary": in_both(counted), "text": "", "path": reverse("cmdb:confirm")},
        rooms=False,
    )
    return notice is not None


def _managers() -> list[int]:
    return list(User.objects.active().holding(Permission.CMDB_MANAGE).values_list("pk", flat=True))


def _tell_ending(ending: Ending, managers: list[int], now: datetime) -> bool:
    item = ending.item
    names = {str(item.attributes.get(field) or "") for field in ("owner", "keeper")} - {""}
    readers = list(User.objects.active().filter(username__in=names).values_list("pk", flat=True)) if names else []
    label = Ends(ending.ends).label
    notice = give_notice(
        key=f"item_ends:{item.pk}:{ending.ends}:{ending.on}:{ending.limit}",
        event="item_ends",
        ticket=None,
        recipients=readers or managers,
        urgent=False,
        at=now,
        payload={
            "summary": f"{item.identifier} {item.name}",
            "text": in_both(lambda: f"{label} {ending.on}"),
            "path": reverse("cmdb:item", args=[item.pk]),
        },
        rooms=False,
    )
    return notice is not None


def _tell_low(part: SparePart, managers: list[int], now: datetime) -> bool:
    notice = give_notice(
        key=f"spares_low:{part.pk}:{low_since(part)}:{part.minimum}",
        event="spares_low",
        ticket=None,
        recipients=managers,
        urgent=False,
        at=now,
        payload={
            "summary": " ".join(filter(None, [part.name, part.part_number, part.place])),
            "text": f"{part.stock} / {part.minimum} {part.unit}".strip(),
            "path": reverse("cmdb:spare", args=[part.pk]),
        },
        rooms=False,
    )
    return notice is not None
