"""What belongs to the proof of a change beside itself: files, edits, the board, who was told what (CHG-07)."""

from __future__ import annotations

from typing import Any

from changes.cab.models import AgendaItem
from changes.models import Change
from changes.notices import said_of
from changes.prepared.difference import differences
from changes.signals import proof_asked

#: Where files lie in the archive; numbered, because two may have the same name.
FOLDER = "attachments"


def files_of(change: Change) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """(content by name in the archive, what is said of each). A file that storage does not give is said to lack."""
    contents: dict[str, bytes] = {}
    said = []
    for number, one in enumerate(change.attachments.order_by("pk"), start=1):
        name = f"{FOLDER}/{number:04}-{one.name.replace('/', '_').replace(chr(92), '_')}"
        row = {"name": one.name, "size": one.size, "sha256": one.sha256, "created_at": one.created_at}
        try:
            with one.file.open("rb") as stored:
                contents[name] = stored.read()
        except OSError:
            name = ""
        said.append({**row, "file": name})
    return contents, said


def edits_of(change: Change) -> dict[str, Any]:
    """Edits of items as prepared and written; what differs from what was planned, and how that was settled."""
    edits = change.edits.select_related("item", "other", "relation_type", "applied_by").order_by("pk")
    settled = change.difference_settled_at
    texts = change.timeline.filter(action="settle_difference").order_by("at", "pk").values_list("text", flat=True)
    return {
        "prepared": [
            {
                "what": str(edit.sentence),
                "applied_at": edit.applied_at,
                "by": edit.applied_by.username if edit.applied_by else None,
            }
            for edit in edits
        ],
        "differences": [
            {"planned": one.planned, "what": str(one.text), "at": one.at, "by": one.by} for one in differences(change)
        ],
        "settled_at": settled,
        "settled": list(texts),
    }


def board_of(change: Change) -> list[dict[str, Any]]:
    """Meetings of the board that dealt with it: the note to its point, how it stood, who was there."""
    points = AgendaItem.objects.filter(round__ticket=change.pk).select_related("meeting", "round")
    return [
        {
            "meeting": point.meeting.title,
            "starts_at": point.meeting.starts_at,
            "status": point.meeting.status,
            "round": point.round.number,
            "note": point.note,
            "outcome": point.outcome,
            "present": sorted(point.meeting.people.filter(present=True).values_list("person__username", flat=True)),
        }
        for point in points.order_by("meeting__starts_at", "pk")
    ]


def told_to(change: Change) -> list[dict[str, Any]]:
    """What those affected were told when: the stage, the window, systems and customers, how many people."""
    return [
        {
            "stage": notice.stage,
            "at": notice.at,
            "planned_start": notice.planned_start,
            "planned_end": notice.planned_end,
            "parts": notice.as_parts(),
        }
        for notice in change.affected_notices.order_by("pk")
    ]


def sent_about(change: Change) -> dict[str, Any]:
    """The mails about it with their texts, and what those above this app told of it, by file, as they answer."""
    answers: list[tuple[Any, Any]] = proof_asked.send(Change, change=change)
    told = {name: lines for _receiver, files in answers for name, lines in files.items()}
    return {"notices": said_of(change), **told}
