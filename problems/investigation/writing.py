"""Writing the record of an investigation: several people at once, no word lost (PRB-04)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from problems.investigation import outline
from problems.investigation.outline import Node, mark_of
from problems.models import Cause, Evidence, Note, Problem
from tickets.errors import ActionConflict
from tickets.models import Attachment, TimelineEntry
from tickets.services import log_event


class WrittenMeanwhile(ActionConflict):
    """Somebody else wrote the same part since it was read. ``theirs``: what stands there now; nothing was stored."""

    def __init__(self, theirs: str, mark: str) -> None:
        self.theirs, self.mark = theirs, mark
        super().__init__(_("Somebody changed this part since you opened it. Your text is kept: put both together."))


@transaction.atomic
def write_note(*, problem: Problem, part: str, text: str, version: int, user: User, now: datetime) -> Note:
    """Store one part of the record; ``version`` is the one that was read, 0 for none. Raises WrittenMeanwhile.

    Each part is a row of its own: whoever writes another part at the same time disturbs nobody.
    """
    Problem.objects.select_for_update(no_key=True, of=("self",)).get(pk=problem.pk)
    note = Note.objects.filter(problem=problem, part=part).first()
    if note is None:
        note = Note(problem=problem, part=part, version=0)
    if note.version != version and note.text != text:
        raise WrittenMeanwhile(note.text, str(note.version))
    if note.pk is None or note.text != text:
        note.text, note.version, note.written_at, note.written_by = text, note.version + 1, now, user
        note.save()
        log_event(ticket=problem, event="note_written", user=user, now=now, part=part)
    return note


@transaction.atomic
def add_evidence(
    *,
    problem: Problem,
    kind: str,
    text: str,
    user: User,
    now: datetime,
    entry: TimelineEntry | None = None,
    file: Attachment | None = None,
) -> Evidence:
    """Append something observed, or a hypothesis. Nothing is overwritten."""
    verdict = Evidence.Verdict.OPEN if kind == Evidence.Kind.HYPOTHESIS else ""
    found = Evidence.objects.create(
        problem=problem, kind=kind, text=text, verdict=verdict, entry=entry, file=file, written_at=now, written_by=user
    )
    log_event(ticket=problem, event=f"{kind}_written", user=user, now=now)
    return found


@transaction.atomic
def judge(*, evidence: Evidence, verdict: str, reason: str, version: int, user: User, now: datetime) -> None:
    """Confirm or refute a hypothesis, with what speaks for it. Raises WrittenMeanwhile."""
    columns = {"verdict": verdict, "reason": reason, "version": version + 1, "written_at": now, "written_by": user}
    if not Evidence.objects.filter(pk=evidence.pk, version=version).update(**columns):
        evidence.refresh_from_db()
        raise WrittenMeanwhile(evidence.reason, str(evidence.version))
    log_event(ticket=evidence.problem, event="hypothesis_judged", user=user, now=now)


# --- Trees of causes -------------------------------------------------------------------------------------------------
def tree_of(problem: Problem, method: str) -> list[Node]:
    """The causes of one method. One query."""
    rows = list(Cause.objects.filter(problem=problem, method=method))
    nodes = {row.pk: Node(row.text, row.is_root) for row in rows}
    top: list[Node] = []
    for row in rows:
        home = nodes[row.parent_id].children if row.parent_id else top
        home.append(nodes[row.pk])
    return top


@transaction.atomic
def write_causes(*, problem: Problem, method: str, nodes: list[Node], mark: str, user: User, now: datetime) -> None:
    """Put the tree in the place of the one that was read, which ``mark`` names; the timeline says so.

    Raises WrittenMeanwhile when another one stands there by now.
    """
    Problem.objects.select_for_update(no_key=True, of=("self",)).get(pk=problem.pk)
    there = outline.write(tree_of(problem, method))
    if outline.write(nodes) == there:
        return
    if mark != mark_of(there):
        raise WrittenMeanwhile(there, mark_of(there))
    Cause.objects.filter(problem=problem, method=method).delete()
    _store(problem, method, nodes, None)
    log_event(ticket=problem, event="causes_written", user=user, now=now, count=outline.count(nodes))


def _store(problem: Problem, method: str, nodes: list[Node], parent: Cause | None) -> None:
    for position, node in enumerate(nodes):
        row = Cause.objects.create(
            problem=problem, method=method, parent=parent, position=position, text=node.text, is_root=node.is_root
        )
        _store(problem, method, node.children, row)


def record_of(problem: Problem) -> dict[str, Any]:
    """The whole record, JSON-safe: for the API and as export."""
    trees = {method: tree_of(problem, method) for method in Cause.Method.values}
    return {
        "problem": problem.number,
        "notes": {note.part: {"text": note.text, "version": note.version} for note in problem.notes.all()},
        "evidence": [
            {
                "kind": row.kind,
                "text": row.text,
                "verdict": row.verdict,
                "reason": row.reason,
                "written_at": row.written_at.isoformat(),
                "written_by": row.written_by.username,
            }
            for row in problem.evidence.select_related("written_by")
        ],
        "causes": {method: outline.as_data(nodes) for method, nodes in trees.items()},
        "marks": {method: mark_of(outline.write(nodes)) for method, nodes in trees.items()},
    }
