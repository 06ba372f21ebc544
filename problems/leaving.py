"""Analysis teams that somebody belongs to who is switched off (PRB-03, INC-22). The owner is the ticket's assignee."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.leaving import Held, names_of
from accounts.models import User
from accounts.signals import held_by, switched_off
from problems.models import Problem
from tickets.services import log_event

TEAM = _("Analysis team")


@receiver(held_by)
def held_analyses(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Problems that are not over whose team somebody belongs to."""
    return [_held(problem) for problem in _analysed(user)]


@receiver(switched_off)
def leave_teams(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """The others go on; of problems that are over the team stays as it was."""
    return [_leave(problem, user, now) for problem in list(_analysed(user))]


def _analysed(user: User) -> QuerySet[Problem]:
    return Problem.objects.live().filter(team=user).order_by("pk")


def _leave(problem: Problem, user: User, now: datetime) -> Held:
    locked = Problem.objects.select_for_update(of=("self",), no_key=True).get(pk=problem.pk)
    locked.team.remove(user)
    locked.__dict__.pop("team_ids", None)
    log_event(ticket=locked, event="team_left", user=None, now=now, person=user.display_name)
    return _held(locked, names_of(locked.team.filter(is_active=True).order_by("pk")))


def _held(problem: Problem, to: str = "") -> Held:
    return Held("team", TEAM, f"{problem.number} {problem.summary}", to)
