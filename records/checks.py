"""``manage.py check`` refuses families whose steps cannot work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register

from records.lifecycle import ANY, NEW, Family, families
from records.models import ADDED_ONLY, RecordEntry


@register()
def check_families(**kwargs: Any) -> list[CheckMessage]:
    """Check every registered family."""
    return [Error(text, id="records.E001") for family in families() for text in problems_of(family)]


def problems_of(family: Family) -> Iterator[str]:
    """Describe what is wrong with the declarations of ``family``."""
    known = {*family.states.values, ANY, NEW}
    for step in family.actions.values():
        where = f"{family.code}.{step.name}"
        if step.allow is None and not step.system:
            yield f"{where} has no rule: declare allow=, or system=True."
        if not step.help:
            yield f"{where} has no docstring: it is the help text."
        yield from (f"{where}: unknown source {state}." for state in step.sources if state not in known)
        yield from (f"{where}: unknown target {s}." for s in step.targets if s not in family.states.values)
    reached = {target for step in family.actions.values() for target in step.targets}
    yield from (f"{family.code}: no step leads to {state}." for state in family.states.values if state not in reached)
    yield from _problems_of_log(family)


def _problems_of_log(family: Family) -> Iterator[str]:
    found = [relation for relation in family.model._meta.related_objects if relation.get_accessor_name() == "log"]
    if not found or not issubclass(found[0].related_model, RecordEntry):
        yield f"{family.code} has no log: a RecordEntry with a foreign key record, related_name='log'."
    elif ADDED_ONLY not in getattr(found[0].related_model._meta, "triggers", ()):
        yield f"{family.code}: its log is not append-only: triggers = [ADDED_ONLY]."
