"""Every code table of the portal, found by its base class: a new one needs nothing here."""

from __future__ import annotations

import re

from accounts.codes import CodeTable


def code_tables() -> dict[str, type[CodeTable]]:
    """Tables by the name they have in addresses, such as ``wait-reasons``."""
    found = _below(CodeTable)  # type: ignore[type-abstract]  # the base itself has no rows
    return {slug_of(model): model for model in sorted(found, key=slug_of)}


def _below(base: type[CodeTable]) -> list[type[CodeTable]]:
    found = []
    for model in base.__subclasses__():
        found += ([] if model._meta.abstract else [model]) + _below(model)
    return found


def slug_of(model: type) -> str:
    """The plural of the model's name in kebab case."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", model.__name__).lower()
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith("s") else f"{words}s"
