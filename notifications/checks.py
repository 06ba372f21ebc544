"""``manage.py check`` refuses actions that give a notice which there is not."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from notifications.reactions import NOTICES
from tickets.lifecycle import Kind, kinds


@register()
def check_notices(**kwargs: Any) -> list[CheckMessage]:
    """Check what every kind tells."""
    return [Error(text, id="notifications.E001") for kind in kinds() for text in unknown_notices(kind)]


def unknown_notices(kind: Kind) -> list[str]:
    """Sentences about names that ``notifications.reactions`` does not know."""
    told = [(action, name) for action in kind.actions for name in kind.told_by(action)]
    return [f"{kind.code}.{action} gives the unknown notice {name}." for action, name in told if name not in NOTICES]


@register(Tags.security, deploy=True)
def check_mail(**kwargs: Any) -> list[CheckMessage]:
    """A server that sends no mail tells nobody outside the portal of a P1."""
    if settings.EMAIL_HOST:
        return []
    return [Warning("EMAIL_HOST is not set: nobody is told by mail.", id="notifications.W001")]
