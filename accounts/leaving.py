"""Switching somebody off: what they hold is listed before, handed on, and listed after (INC-22, ORG-05).

Each app that lets people hold something answers two signals: ``held_by`` says what there is, ``switched_off`` hands it
on. Apps are asked from the bottom up, so that tickets go to the lead whom their group has by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import models, transaction

from accounts.models import User
from accounts.signals import held_by, switched_off


@dataclass(frozen=True)
class Held:
    """Something that waits for a person. ``kind``: its code, ``label``: what it is, ``name``: which one.

    ``to``: who has it now, by name; empty before it is handed on, and when nobody could be found.
    """

    kind: str
    label: Any
    name: str
    to: str = ""


def holdings_of(user: User, now: datetime) -> list[Held]:
    """What would be handed on if ``user`` were switched off at ``now``."""
    return _listed(held_by.send(User, user=user, now=now))


@transaction.atomic
def hand_on_holdings(*, user: User, by: User, now: datetime) -> list[Held]:
    """Hand on everything that ``user``, who is switched off, holds; what, and to whom. Idempotent: nothing is left."""
    return _listed(switched_off.send(User, user=user, by=by, now=now))


@transaction.atomic
def switch_off(*, user: User, by: User, now: datetime) -> list[Held]:
    """Let ``user`` sign in no more and hand on what they hold; what, and to whom."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    return hand_on_holdings(user=user, by=by, now=now)


def log_change(row: models.Model, values: dict[str, list[str]], by: User) -> None:
    """Write into the administration's log what ``row`` said before and says now, by column."""
    message = [{"changed": {"fields": list(values), "values": values}}]
    LogEntry.objects.log_actions(by.pk, [row], CHANGE, change_message=message, single_object=True)


def names_of(people: Iterable[User | None]) -> str:
    """People as one text."""
    return ", ".join(person.display_name for person in people if person is not None)


def _listed(answers: Iterable[tuple[Any, Any]]) -> list[Held]:
    return [held for _receiver, part in answers for held in part]
