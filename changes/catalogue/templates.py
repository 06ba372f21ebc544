"""The catalogue of standard changes: publishing versions, what may be ordered, losing the pre-approval."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from accounts.models import User
from changes.models import Change, ChangeTemplate, TemplateVersion
from changes.signals import change_news
from changes.states import Result, States

COLUMNS = ("name_zh", "name_en", "summary", "content", "plan", "back_out", "effect", "minutes")


@transaction.atomic
def publish(*, template: ChangeTemplate, by: User | None, now: datetime) -> TemplateVersion | None:
    """Store the template as its next version; None when nothing of substance changed. Idempotent."""
    ChangeTemplate.objects.select_for_update().get(pk=template.pk)
    content: dict[str, Any] = {name: getattr(template, name) for name in COLUMNS}
    newest = template.versions.first()
    if newest is not None and newest.content == content:
        return None
    number = (template.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    return TemplateVersion.objects.create(template=template, number=number, content=content, made_by=by, made_at=now)


def offered() -> QuerySet[ChangeTemplate]:
    """What can be ordered: active, pre-approved, published."""
    return ChangeTemplate.objects.filter(active=True, approved=True, versions__isnull=False).distinct()


def published() -> QuerySet[ChangeTemplate]:
    """What was once offered and is still active, also without its pre-approval."""
    return ChangeTemplate.objects.filter(active=True, versions__isnull=False).distinct()


def judge(*, change: Change, template: ChangeTemplate, now: datetime) -> bool:
    """Take the pre-approval from a template that failed too often among its last uses; whether it lost it now.

    ``change``: the one that has just ended. Changes that were ordered keep the version that they were approved with.
    Those who manage changes, and whoever has an open one of it, are told.
    """
    used = Change.objects.filter(template_version__template=template).exclude(result="")
    if template.approved_at is not None:
        used = used.filter(resolved_at__gte=template.approved_at)
    results = list(used.order_by("-resolved_at", "-pk").values_list("result", flat=True)[: template.last_uses])
    failed = sum(result in (Result.FAILED, Result.BACKED_OUT) for result in results)
    if failed < template.failures or not template.approved:
        return False
    if not ChangeTemplate.objects.filter(pk=template.pk, approved=True).update(approved=False):
        return False
    text = {name: f"{getattr(template, f'name_{name}')} · {failed}/{len(results)}" for name in ("zh", "en")}
    change_news.send(
        Change,
        what="template_lost",
        change=change,
        readers=_holders_of_open(template),
        managers=True,
        text=text,
        key=f"{template.pk}:{change.pk}",
        now=now,
    )
    return True


def _holders_of_open(template: ChangeTemplate) -> list[int]:
    """Keys of those who asked for, or implement, a change of it that has not begun."""
    waiting = Change.objects.filter(template_version__template=template, state=States.SCHEDULED)
    rows = waiting.values_list("requester_id", "assignee_id")
    return list(dict.fromkeys(key for row in rows for key in row if key is not None))
