"""What stands in the sidebar: every app declares its entries in its own ``navigation.py``.

Sections come in the order of ``Section``, entries by ``position``, then in the order of the installed apps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.urls import reverse
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise


class Section(models.TextChoices):
    """The groups of the sidebar (``design/ui.md``: work; assets and services; running and improving)."""

    WORK = "work", ""
    ASSETS = "assets", _("Assets and services")
    RUNNING = "running", _("Running and improving")
    ADMINISTRATION = "administration", _("Administration")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the sidebar for staff.

    ``url`` name of the page's address; ``allow`` who sees the line: a plain function of the person; ``position`` in
    the section; ``in_portal``: it stands in the customers' header, and nowhere else. Lines with a count are kinds
    of tickets and what waits for a person (``tickets.workspace.context``).
    """

    section: Section
    label: str | Promise
    url: str
    icon: str
    allow: Callable[[Any], bool]
    position: int = 50
    in_portal: bool = False

    @property
    def address(self) -> str:
        """Where the line leads."""
        return reverse(self.url)


@cache
def entries() -> tuple[Entry, ...]:
    """Every declared entry, ordered as the sidebar shows them."""
    found: list[Entry] = []
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, "navigation"):
            module: Any = import_module(f"{config.name}.navigation")
            found += getattr(module, "NAVIGATION", ())
    places = list(Section)
    return tuple(sorted(found, key=lambda entry: (places.index(entry.section), entry.position)))


def entries_for(user: Any) -> list[Entry]:
    """The entries that ``user`` may open."""
    return [entry for entry in entries() if entry.allow(user)]
