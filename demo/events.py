"""The demo's tickets as a list of events in the order in which they happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]

#: Actions whose name in the file differs from the one in the code.
ACTIONS = {
    "internal": "note",
    "return": "return_to_desk",
    "vendor": "call_vendor",
    "unresolved": "not_solved",
    "task": "add_task",
}
#: Fields whose name in the file differs from the one of the action's form.
FIELDS: dict[str, dict[str, str]] = {
    "reject": {"reason": "reject_reason"},
    "wait": {"reason": "wait_reason"},
    "vendor": {"case_number": "vendor_case_number", "contact": "vendor_contact"},
    "confirm": {"text": "satisfaction_comment"},
    "task": {"kind": "task_kind", "work": "description"},
}
#: What steps say beside the input of the action.
NO_INPUT = {"after_minutes", "by", "action", "until_minutes", "files", "task"}
#: What a task says beside the input of the action that opens it.
NO_TASK_INPUT = {"state", "done_after_minutes", "close_code", "result"}
#: Whoever dispatches when the file does not say who.
DESK = "desk"


@dataclass(frozen=True, order=True)
class Event:
    """Something that somebody did to a ticket. Sorts by time, then in the order of the file.

    ``key`` names the ticket: the file's own key, for tasks ``(key, number of the step)``.
    """

    at: datetime
    order: tuple[int, int, int]
    key: Any = field(compare=False)
    by: str = field(compare=False)
    action: str = field(compare=False)
    data: Row = field(compare=False, default_factory=dict)
    files: list[Row] = field(compare=False, default_factory=list)


def events_of(tickets: list[Row], start: datetime) -> list[Event]:
    """Every event of ``tickets``, whose times count backwards from ``start``, in order of time."""
    return sorted(event for number, row in enumerate(tickets) for event in _events(row, number, start))


def _events(row: Row, number: int, start: datetime) -> Iterator[Event]:
    opened = start - timedelta(minutes=row["opened"])
    steps = row["steps"]
    first = steps[0]["after_minutes"] if steps else row["opened"]
    if "duplicate_of" in row:
        dispatcher: str = steps[0]["by"] if steps else row["registered_by"] or DESK
        at = opened + timedelta(minutes=min(1, first))
        yield Event(at, (1, number, 0), row["key"], dispatcher, "mark_duplicate", {"main": row["duplicate_of"]})
    if "follow_up_of" not in row:
        yield Event(opened, (0, number, 0), row["key"], "", "register", row)
    for place, step in enumerate(steps, start=1):
        yield from _step(row["key"], step, (1, number, place), opened)


def _step(key: str, step: Row, order: tuple[int, int, int], opened: datetime) -> Iterator[Event]:
    name: str = step["action"]
    at = opened + timedelta(minutes=step["after_minutes"])
    data = _renamed(name, {k: v for k, v in step.items() if k not in NO_INPUT})
    if "until_minutes" in step:
        data["wait_until"] = opened + timedelta(minutes=step["until_minutes"])
    if name == "task":
        data = _renamed(name, {k: v for k, v in step["task"].items() if k not in NO_TASK_INPUT})
        yield from _work_on_task((key, order[2]), step["task"], order, at, opened)
    yield Event(at, order, key, step["by"], ACTIONS.get(name, name), data, step.get("files", []))


def _renamed(name: str, data: Row) -> Row:
    names = FIELDS.get(name, {})
    return {names.get(k, k): v for k, v in data.items()}


def _work_on_task(
    key: tuple[str, int], task: Row, order: tuple[int, int, int], added: datetime, opened: datetime
) -> Iterator[Event]:
    """What happens to a task that is done: its assignee starts and finishes it."""
    if task["state"] != "done":
        return
    done = opened + timedelta(minutes=task["done_after_minutes"])
    result = {"close_code": task["close_code"], "result": task["result"]}
    yield Event(added + (done - added) / 4, (1, *order[1:]), key, task["assignee"], "start")
    yield Event(done, (0, *order[1:]), key, task["assignee"], "finish", result)
