"""Docstrings that people read as help, on pages and in the description of the API."""

import re

_REQUIREMENTS = re.compile(r" \([A-Z]{2,4}-\d\d(?:, [A-Z]{2,4}-\d\d)*\)")


def help_text(docstring: str | None) -> str:
    """Return ``docstring`` on one line, without the requirements that it names for programmers."""
    return _REQUIREMENTS.sub("", " ".join((docstring or "").split()))
