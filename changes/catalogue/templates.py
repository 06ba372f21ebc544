"""The catalogue of standard changes: publishing versions, what may be ordered, losing the pre-approval."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Max, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from accounts.codes import LANGUAGES
from accounts.models import User
from approvals.services import same_person
from changes.catalogue.models import STEP_TEXTS, TEXTS
from changes.models import Change, ChangeTemplate, TemplateVersion
from changes.notices import tell_of_change
from changes.states import Result, States
from tickets.errors import ActionConflict

#: How a use failed: as whoever carried it out said, or as its review found.
BROKE, MISSED = Q(result__in=(Result.FAILED, Result.BACKED_OUT)), Q(expected_reached=False)
PAIRED = tuple(f"{name}_{language}" for name in TEXTS for language in LANGUAGES)
COLUMNS = ("name_zh", "name_en", *PAIRED, "minutes", "needs_subject")
#: When the pre-approval is lost; versions of earlier releases do not name it, and had what is shipped.
RULE = {"failures": 2, "last_uses": 10}
STEP_COLUMNS = ("minutes", *(f"{name}_{language}" for name in STEP_TEXTS for language in LANGUAGES))


@transaction.atomic
def publish(*, template: ChangeTemplate, by: User | None, now: datetime) -> TemplateVersion | None:
    """Store the template as its next version; None when nothing of substance changed. Idempotent.

    What a person wrote is not pre-approved by that: somebody else reads it and says so (CHG-03).
    """
    ChangeTemplate.objects.select_for_update().get(pk=template.pk)
    content: dict[str, Any] = {name: getattr(template, name) for name in (*COLUMNS, *RULE)}
    content["steps"] = [{name: getattr(step, name) for name in STEP_COLUMNS} for step in template.steps.all()]
    newest = template.versions.first()
    if newest is not None and {**RULE, **newest.content} == content:
        return None
    number = (template.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    if by is not None:
        template.approved = False
        template.save(update_fields=["approved"])
    return TemplateVersion.objects.create(template=template, number=number, content=content, made_by=by, made_at=now)


def refuse_own(template: ChangeTemplate, by: User) -> None:
    """Raise ActionConflict when ``by`` wrote the newest version, by whatever account: another pre-approves it."""
    newest = template.versions.select_related("made_by").first()
    if newest is not None and newest.made_by is not None and newest.made_by_id in same_person(by):
        raise ActionConflict(_("You wrote this version: somebody else who manages changes gives it the pre-approval."))


def offered() -> QuerySet[ChangeTemplate]:
    """What can be ordered: active, pre-approved, published."""
    return ChangeTemplate.objects.filter(active=True, approved=True, versions__isnull=False).distinct()


def published() -> QuerySet[ChangeTemplate]:
    """What was once offered and is still active, also without its pre-approval."""
    return ChangeTemplate.objects.filter(active=True, versions__isnull=False).distinct()


def judge_template(change: Change, now: datetime) -> None:
    """After what became known of ``change``: judge the template that it came from, if any."""
    if change.template_version is not None:
        judge(change=change, template=change.template_version.template, now=now)


def judge(*, change: Change, template: ChangeTemplate, now: datetime) -> bool:
    """Take the pre-approval from a template that failed too often among its last uses; whether it lost it now.

    It failed as well when its review says that what was expected was not reached, whatever its implementer said.
    ``change``: the one that has just ended, or was reviewed. Changes that were ordered keep the version that they were
    approved with. Those who manage changes, and whoever has an open one of it, are told.
    """
    used = Change.objects.filter(template_version__template=template).exclude(result="")
    if template.approved_at is not None:
        missed = ~BROKE & MISSED & Q(reviewed_at__gte=template.approved_at)  # nobody knew of it when it was approved
        used = used.filter(Q(resolved_at__gte=template.approved_at) | missed)
    bad = Case(When(BROKE | MISSED, then=Value(1)), default=Value(0))
    results = list(used.order_by("-resolved_at", "-pk").values_list(bad, flat=True)[: template.last_uses])
    failed = sum(results)
    if failed < template.failures or not template.approved:
        return False
    if not ChangeTemplate.objects.filter(pk=template.pk, approved=True).update(approved=False):
        return False
    text = {name: f"{getattr(template, f'name_{name}')} · {failed}/{len(results)}" for name in ("zh", "en")}
    tell_of_change(
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
