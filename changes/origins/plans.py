"""The plan of a change for another time: one way for the page, programs and recurring changes. Never its approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from changes.models import Change, PlanStep
from changes.prepared import services
from changes.prepared.forms import PrepareItemForm, PrepareRelationForm, PrepareValueForm
from changes.prepared.models import PreparedEdit
from cmdb.inputs import NAMES

Kind = PreparedEdit.Kind
#: How edits of each kind are read and kept.
DOORS: dict[str, tuple[Any, Any]] = {
    Kind.VALUE: (PrepareValueForm, services.prepare_value),
    Kind.ITEM: (PrepareItemForm, services.prepare_item),
    Kind.RELATE: (PrepareRelationForm, services.prepare_relation),
    Kind.UNRELATE: (PrepareRelationForm, services.prepare_relation),
}


def copy_plan(*, source: Change, target: Change, user: User, now: datetime) -> None:
    """Give ``target`` steps, point of no return and prepared edits of ``source``, relative to its own window.

    While ``target`` is registered: its own column is stored with what else follows from that.
    """
    _copy_steps(source, target)
    for edit in source.edits.select_related("item", "other", "relation_type"):
        _copy_edit(edit, target, user, now)


def _copy_steps(source: Change, target: Change) -> None:
    """Without what was reported of them; whoever cannot sign in any more does none."""
    begin, was = target.planned_start, source.planned_start
    by = begin - was if begin is not None and was is not None else None

    def then(moment: datetime | None) -> datetime | None:
        return moment + by if moment is not None and by is not None else None

    PlanStep.objects.bulk_create(
        PlanStep(
            change=target,
            position=step.position,
            what=step.what,
            person=step.person if step.person is not None and step.person.is_active else None,
            planned_from=then(step.planned_from),
            planned_to=then(step.planned_to),
            check_text=step.check_text,
            back_out=step.back_out,
            no_return=step.no_return and by is not None,
        )
        for step in source.steps.select_related("person")
    )
    target.no_return_at = then(source.no_return_at)


def _copy_edit(edit: PreparedEdit, target: Change, user: User, now: datetime) -> None:
    """Prepare it anew, as if it was typed; what fits no more, or stands already, is left out."""
    form_class, prepare = DOORS[edit.kind]
    for data in _as_typed(edit):
        form = form_class(data, ticket=target, user=user, now=now)
        if form.is_valid() and not _stands(form.cleaned_data):
            prepare(ticket=target, cleaned=form.cleaned_data)


def _as_typed(edit: PreparedEdit) -> list[dict[str, Any]]:
    """What the form of its kind takes; a form for each value."""
    if edit.kind == Kind.ITEM:
        return [{"identifier": edit.identifier, **edit.given}]
    if edit.kind == Kind.VALUE:
        return [{"item": edit.subject, "attribute": name, "value": value} for name, value in edit.given.items()]
    ends = "on" if edit.kind == Kind.UNRELATE else ""
    return [
        {
            "item": edit.subject,
            "relation_type": edit.relation_type_id,
            "other": edit.partner,
            "ends": ends,
            **edit.given,
        }
    ]


def _stands(cleaned: dict[str, Any]) -> bool:
    """Whether the item has the value already."""
    item: Any = cleaned.get("item")
    facts = cleaned.get("facts") or {}
    columns = {*NAMES.values()}
    now_is = {name: getattr(item, name) if name in columns else item.attributes.get(name) for name in facts}
    return bool(facts) and now_is == facts
