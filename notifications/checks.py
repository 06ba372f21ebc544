"""``manage.py check`` refuses actions that give a notice which there is not, or leave unsaid whether they tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from notifications.reactions import BY_SERVICES, NOTICES
from tickets.lifecycle import MOVED, Action, Kind, kinds


@register()
def check_notices(**kwargs: Any) -> list[CheckMessage]:
    """Check what every kind tells."""
    return [
        Error(text, id=code)
        for kind in kinds()
        for code, texts in (
            ("notifications.E001", unknown_notices(kind)),
            ("notifications.E002", unsaid_telling(kind)),
        )
        for text in texts
    ]


def unknown_notices(kind: Kind) -> list[str]:
    """Sentences about names that ``notifications.reactions`` does not know."""
    known = NOTICES.keys() | BY_SERVICES
    told = [(action, name) for action in kind.actions for name in kind.told_by(action)]
    return [f"{kind.code}.{action} gives the unknown notice {name}." for action, name in told if name not in known]


def unsaid_telling(kind: Kind) -> list[str]:
    """Sentences about steps from state to state of which nobody knows whether they tell, and contradictions."""
    return [text for action in kind.actions.values() for text in _telling_of(kind, action)]


def _telling_of(kind: Kind, action: Action) -> Iterator[str]:
    where = f"{kind.code}.{action.name}"
    told = [name for name in kind.declared_to_tell(action) if name != MOVED]  # watchers, whom every step tells
    if action.quiet and told:
        yield f"{where} is quiet and tells {', '.join(told)}: say one of both."
    if action.quiet and not action.targets:
        yield f"{where} moves no state: it need not say that it is quiet."
    if action.targets and not told and not action.quiet:
        yield f"{where} moves the state and tells nobody: name a notice (tells=), or say quiet=True."


@register(Tags.security, deploy=True)
def check_mail(**kwargs: Any) -> list[CheckMessage]:
    """A server that sends no mail tells nobody outside the portal of a P1."""
    if settings.EMAIL_HOST:
        return []
    return [Warning("EMAIL_HOST is not set: nobody is told by mail.", id="notifications.W001")]
