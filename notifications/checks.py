"""``manage.py check`` refuses actions that give a notice which there is not."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

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
