"""Planning a change: editing what is of substance, steps, configuration items. What was approved falls."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from changes import guards, rules
from changes.schedule.windows import shift
from changes.states import PLANNED
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from changes.models import Change


#: What is written down before a change begins.
planning = ActionSet()


@planning.action(
    source=[*PLANNED],
    label=_("Edit"),
    done=_("edited it"),
    allow=rules.may_plan,
    form="changes.forms.EditForm",
    effect="changes.services.replan",
    icon="pencil",
    key="d",
    public=False,
)
def edit(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Change what is of substance; before it is stored you are told which approvals would fall."""
    change.change_type = fields.get("change_type", change.change_type)
    was = (change.planned_start, change.planned_end)
    change.take(fields)
    if was != (change.planned_start, change.planned_end):
        change.expected_end = None  # of the window that it had
    if change.no_return_at is not None:
        change.no_return_at += shift(was, (change.planned_start, change.planned_end))


@planning.action(
    source=[*PLANNED],
    label=_("Override collisions"),
    done=_("signed that it goes on in spite of hard collisions"),
    allow=rules.may_override,
    guards=(guards.led_it_nowhere,),
    form="changes.collision.forms.SignForm",
    effect="changes.services.override",
    intent="danger",
    icon="signature",
    public=False,
    menu=False,
)
def override_collisions(change: Change, *, user: User, now: datetime, text: str) -> None:
    """Sign with a reason that it goes on in this window in spite of exactly these; any other needs another one."""


@planning.action(
    source=[*PLANNED],
    label=_("Add step"),
    done=_("added a step to the plan"),
    allow=rules.may_plan,
    hidden_by=(guards.keeps_its_template,),
    form="changes.plan.forms.StepForm",
    effect="changes.services.add_step",
    icon="list-numbers",
    key="t",
    public=False,
    versioned=False,
)
def add_step(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Add a step: who does what from when to when, how it is checked and backed out."""
    if fields.get("no_return"):
        change.no_return_at = fields["planned_from"]


@planning.action(
    source=[*PLANNED],
    label=_("Edit step"),
    done=_("edited a step of the plan"),
    allow=rules.may_plan,
    hidden_by=(guards.keeps_its_template,),
    form="changes.plan.forms.EditStepForm",
    effect="changes.services.edit_step",
    icon="pencil",
    public=False,
    versioned=False,
    menu=False,
)
def edit_step(change: Change, *, user: User, now: datetime, step: Any, **fields: Any) -> None:
    """Say a step anew, or put it to another place in the plan."""
    if step.no_return or fields.get("no_return"):
        change.no_return_at = fields["planned_from"] if fields.get("no_return") else None


@planning.action(
    source=[*PLANNED],
    label=_("Remove step"),
    done=_("removed a step from the plan"),
    allow=rules.may_plan,
    hidden_by=(guards.keeps_its_template,),
    form="changes.plan.forms.RemoveStepForm",
    effect="changes.services.remove_step",
    icon="playlist-x",
    public=False,
    versioned=False,
    menu=False,
)
def remove_step(change: Change, *, user: User, now: datetime, step: Any, **fields: Any) -> None:
    """Take a step out of the plan."""
    if step.no_return:
        change.no_return_at = None


@planning.action(
    source=[*PLANNED],
    label=_("Add configuration items"),
    done=_("added configuration items"),
    allow=rules.may_plan,
    hidden_by=(guards.keeps_its_template,),
    form="changes.plan.forms.ItemsForm",
    effect="tickets.services.add_items",
    icon="server",
    public=False,
    versioned=False,
)
def add_items(change: Change, *, user: User, now: datetime, items: Any, **fields: Any) -> None:
    """Say which configuration items it touches; they are of substance."""


@planning.action(
    source=[*PLANNED],
    label=_("Add items by query"),
    done=_("added all configuration items that fit a question"),
    allow=rules.may_plan,
    hidden_by=(guards.keeps_its_template,),
    form="changes.items.forms.QueryItemsForm",
    effect="changes.items.services.add_found",
    icon="filter-plus",
    public=False,
    versioned=False,
)
def add_items_by_query(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Put all items of a service, a class, a state or a place on it: counted first, then confirmed."""


@planning.action(
    source=[*PLANNED],
    label=_("Remove configuration items"),
    done=_("removed configuration items"),
    allow=rules.may_plan,
    hidden_by=(guards.keeps_its_template,),
    form="changes.plan.forms.RemoveItemsForm",
    effect="tickets.services.remove_items",
    icon="server-off",
    public=False,
    versioned=False,
    menu=False,
)
def remove_items(change: Change, *, user: User, now: datetime, items: Any, **fields: Any) -> None:
    """Take configuration items off it; they are of substance."""


@planning.action(
    source=[*PLANNED],
    label=_("Remove items by query"),
    done=_("removed all configuration items that fit a question"),
    allow=rules.may_plan,
    hidden_by=(guards.keeps_its_template,),
    form="changes.items.forms.RemoveQueryItemsForm",
    effect="changes.items.services.remove_found",
    icon="filter-minus",
    public=False,
    versioned=False,
)
def remove_items_by_query(change: Change, *, user: User, now: datetime, **fields: Any) -> None:
    """Take all items of a service, a class, a state or a place off it: counted first, then confirmed."""
