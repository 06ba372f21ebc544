"""Whether a change is still what was assessed: an assessment binds to content, as an approval does (CHG-02)."""

from __future__ import annotations

from typing import Any

from accounts.codes import in_language
from approvals.content import difference, lines_of
from approvals.questions import Line, question_of

#: Lines of substance that are not what is assessed: its outcome, and who carries it out.
ASIDE = frozenset({"risk", "implementers"})


def content_of(change: Any) -> list[Line]:
    """What is assessed: the lines that an approval would bind to."""
    return [line for line in lines_of(question_of("change", "change"), change) if line["name"] not in ASIDE]


def altered_since(change: Any) -> list[str]:
    """Names of what was altered since the newest assessment, in the active language; nothing when none was kept."""
    newest = change.assessments.first()
    if newest is None or not newest.content:
        return []
    return [in_language(one["zh"], one["en"]) for one in difference(newest.content, content_of(change))]
