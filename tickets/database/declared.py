"""Writing the declared states and transitions into the database, where the trigger reads them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Model

from records.lifecycle import NEW
from tickets.lifecycle import kinds


def declared_states() -> set[tuple[str, str, str]]:
    """(kind, state, phase) of every registered kind."""
    return {(kind.code, state, str(phase)) for kind in kinds() for state, phase in kind.phases.items()}


def declared_transitions() -> set[tuple[str, str, str]]:
    """(kind, from, to) of every registered kind."""
    return {
        (kind.code, source, target) for kind in kinds() for _, source, target in kind.transitions() if source != NEW
    }


def declared_private_texts() -> set[tuple[str, str]]:
    """(kind, action) of the actions whose texts requesters do not read."""
    return {(kind.code, action.name) for kind in kinds() for action in kind.actions.values() if action.private_text}


def write_declared_states(using: str = "default", **kwargs: Any) -> bool:
    """Make the database's tables equal to the declarations; return whether they were not.

    Runs after every migration and before every start: a new action needs no migration.
    """
    from tickets import models  # this module is read before they are ready

    with transaction.atomic(using=using):
        states = _replace(models.DeclaredState, ("kind", "state", "phase"), declared_states(), using)
        transitions = _replace(models.DeclaredTransition, ("kind", "source", "target"), declared_transitions(), using)
        private = _replace(models.DeclaredPrivateText, ("kind", "action"), declared_private_texts(), using)
        if private and models.SearchDocument.objects.using(using).exists():  # what requesters find follows
            models.StaleDocuments.objects.using(using).create(subject=models.StaleDocuments.Subject.ALL)
    return states or transitions or private


def _replace(model: type[Model], columns: tuple[str, ...], wanted: set[Any], using: str) -> bool:
    rows = model._default_manager.using(using)
    if set(rows.values_list(*columns)) == wanted:
        return False
    rows.all().delete()
    rows.bulk_create(model(**dict(zip(columns, row, strict=True))) for row in sorted(wanted))
    return True
