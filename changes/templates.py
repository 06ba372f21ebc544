"""The catalogue of standard changes: publishing versions, what may be ordered, losing the pre-approval."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from accounts.models import User
from changes.models import Change, ChangeTemplate, TemplateVersion
from changes.states import Result

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


def judge(*, template: ChangeTemplate, now: datetime) -> bool:
    """Take the pre-approval from a template that failed too often among its last uses; whether it lost it now.

    Changes that were ordered keep the version that they were approved with.
    """
    used = Change.objects.filter(template_version__template=template).exclude(result="")
    results = list(used.order_by("-resolved_at", "-pk").values_list("result", flat=True)[: template.last_uses])
    failed = sum(result in (Result.FAILED, Result.BACKED_OUT) for result in results)
    if failed < template.failures or not template.approved:
        return False
    return bool(ChangeTemplate.objects.filter(pk=template.pk, approved=True).update(approved=False))
