"""Where the parts of an investigation keep what is typed and not saved: saving one part loses no word of another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.urls import reverse

from accounts.http import SignedInRequest
from drafts.models import Draft
from drafts.services import best_of
from problems.models import Cause, Evidence, Note, Problem
from tickets.workspace.drafting import Slot, wanted_drafts

#: Every form of the page that takes text.
PARTS = (*Note.Part.values, *Cause.Method.values, *Evidence.Kind.values)


@dataclass(frozen=True)
class Opened:
    """A form with its slot, and what was typed there before: ``text``, on what was read then (``mark``)."""

    slot: Slot
    text: str = ""
    mark: str = ""

    @property
    def typed(self) -> bool:
        """Whether there is something that was not saved."""
        return self.slot.at is not None


def slot_of(problem: Problem, part: str) -> Slot:
    """The slot of one part."""
    url = f"{reverse('problems:investigation', args=[problem.number])}#{part}"
    labels = {**dict(Note.Part.choices), **dict(Cause.Method.choices), **dict(Evidence.Kind.choices)}
    return Slot(f"{_place(problem)}/{part}", f"{problem.number} {labels[part]}", url)


def opened(problem: Problem, request: SignedInRequest) -> dict[str, Opened]:
    """Each part with what the person typed there before, by its name. One query."""
    drafts: dict[str, list[Draft]] = {}
    for draft in Draft.objects.of(request.user).about(_place(problem)).order_by("-updated_at", "-pk"):
        drafts.setdefault(draft.name, []).append(draft)
    wanted = wanted_drafts(request)
    return {part: _open(slot_of(problem, part), *best_of(drafts.get(part, []), wanted)) for part in PARTS}


def _open(slot: Slot, draft: Draft | None, others: int) -> Opened:
    if draft is None:
        return Opened(slot)
    words = {name: (draft.fields.get(name) or [""])[0] for name in ("text", "mark")}
    held = replace(slot, at=draft.updated_at, form_id=draft.form_id or slot.form_id, others=others)
    return Opened(held, **words)


def _place(problem: Problem) -> str:
    return f"{problem.number}-investigation"
