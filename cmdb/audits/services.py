"""Opening an audit, noting what was found; what differs waits for a decision under change control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.asking.narrowing import narrow
from cmdb.models import Audit, AuditCheck, ConfigurationItem, Difference, Relation, Sighting
from cmdb.services import items_at
from cmdb.transfer.discovery import PEOPLE, differ
from cmdb.versioning.moments import NOW, present


class AuditClosed(Exception):  # noqa: N818 - said to people
    """The audit takes nothing more."""

    def __init__(self) -> None:
        super().__init__(_("This audit is closed."))


def draw(keys: Iterable[int], sample: int | None, seed: int) -> list[int]:
    """``sample`` of ``keys`` by ``seed``; the same seed draws the same ones of the same keys. All without a sample."""
    found = sorted(keys)
    if sample is None or sample >= len(found):
        return found
    return sorted(Random(seed).sample(found, sample))  # noqa: S311 - to be repeated, not to be secret


@transaction.atomic
def open_audit(*, name: str, params: QueryDict, sample: int | None, seed: int, by: User) -> Audit:
    """Open an audit of the items that ``params`` ask for, without retired ones. Raises ValidationError by name."""
    found = narrow(items_at(NOW, by), params, by, NOW).exclude(status="retired")
    keys = list(found.values_list("pk", flat=True))
    audit = Audit.objects.create(
        name=name,
        params=params.urlencode(),
        sample=sample,
        seed=seed,
        population=len(keys),
        opened_at=present(),
        opened_by=by,
    )
    AuditCheck.objects.bulk_create(AuditCheck(audit=audit, item_id=key) for key in draw(keys, sample, seed))
    return audit


@transaction.atomic
def note(*, check: AuditCheck, result: str, seen: Mapping[str, Any], text: str, by: User) -> None:
    """Keep what was found. Values that differ (``seen``, by field) wait for a decision; a thing that is there is
    confirmed with its relations. Raises AuditClosed.
    """
    audit = Audit.objects.select_for_update().get(pk=check.audit_id)
    if audit.closed_at:
        raise AuditClosed
    row = AuditCheck.objects.select_for_update(of=("self",)).select_related("item").get(pk=check.pk)
    now, item = present(), row.item
    row.result, row.note, row.by, row.at = result, text[:400], by, now
    row.seen = dict(seen) if result == AuditCheck.Result.DIFFERS else {}
    row.recorded = {"name": item.name, **item.attributes}
    row.save()
    sighting, _made = Sighting.objects.update_or_create(
        source="audit",
        key=f"{audit.pk}:{item.pk}",
        defaults={"item": item, "seen_at": now, "data": {"audit": audit.name, "by": by.username}},
    )
    open_ = Difference.objects.filter(sighting=sighting, decision="")
    open_.exclude(what=Difference.What.VALUE, field__in=row.seen).delete()
    for name, value in row.seen.items():
        differ(sighting, item, name, value, now)
    if result == AuditCheck.Result.MISSING:
        gone = Difference.What.GONE
        Difference.objects.get_or_create(sighting=sighting, what=gone, decision="", defaults={"item": item})
        ConfigurationItem.objects.filter(pk=item.pk, missing_since=None).update(missing_since=now)
    else:
        ConfigurationItem.objects.filter(pk=item.pk).exclude(missing_since=None).update(missing_since=None)
        Relation.objects.filter(source=item, active=True).update(confirmed_at=now)


@transaction.atomic
def take_from_discovery(*, audit: Audit, by: User) -> int:
    """Let what discovery saw since the audit was opened answer for items that nobody checked; return how many."""
    if audit.closed_at:
        raise AuditClosed
    doubted = Difference.objects.filter(sighting=OuterRef("pk"), what=Difference.What.SEVERAL, decision="")
    seen_of = Sighting.objects.filter(item=OuterRef("item"), seen_at__gte=audit.opened_at).exclude(source__in=PEOPLE)
    found = audit.checks.filter(Exists(seen_of.exclude(Exists(doubted))), result="").select_related("item")
    rows = list(found.order_by("pk"))
    for check in rows:
        open_ = Difference.objects.filter(item=check.item, what=Difference.What.VALUE, decision="")
        seen = dict(open_.exclude(sighting__source__in=PEOPLE).values_list("field", "seen_value"))
        result = AuditCheck.Result.DIFFERS if seen else AuditCheck.Result.RIGHT
        note(check=check, result=result, seen=seen, text=_("seen by discovery"), by=by)
    return len(rows)


def close_audit(*, audit: Audit) -> None:
    """Take nothing more."""
    Audit.objects.filter(pk=audit.pk, closed_at=None).update(closed_at=present())
