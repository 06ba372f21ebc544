"""Writing the declared states and transitions into the database, where the trigger reads them."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from tickets.lifecycle import NEW, kinds


def declared_states() -> set[tuple[str, str, str]]:
    """(kind, state, phase) of every registered kind."""
    return {(kind.code, state, str(phase)) for kind in kinds() for state, phase in kind.phases.items()}


def declared_transitions() -> set[tuple[str, str, str]]:
    """(kind, from, to) of every registered kind."""
    return {
        (kind.code, source, target) for kind in kinds() for _, source, target in kind.transitions() if source != NEW
    }


def write_declared_states(using: str = "default", **kwargs: Any) -> None:
    """Make the database's tables equal to the declarations. Runs after every migration; idempotent."""
    from tickets.models import DeclaredState, DeclaredTransition  # runs before models are ready

    states = [DeclaredState(kind=k, state=s, phase=p) for k, s, p in sorted(declared_states())]
    steps = [DeclaredTransition(kind=k, source=s, target=t) for k, s, t in sorted(declared_transitions())]
    with transaction.atomic(using=using):
        DeclaredState.objects.using(using).all().delete()
        DeclaredTransition.objects.using(using).all().delete()
        DeclaredState.objects.using(using).bulk_create(states)
        DeclaredTransition.objects.using(using).bulk_create(steps)
