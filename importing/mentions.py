"""Everything that histories name: people, groups, categories, business systems, configuration items."""

from __future__ import annotations

from collections.abc import Iterable

from importing.histories import History

Path = tuple[str, ...]


class Mentions:
    """What some histories name, each once. ``paths``: the names of a category from the top down.

    ``system_of``: the business system of each item whose rows say one.
    """

    def __init__(self, histories: Iterable[History] = ()) -> None:
        self.callers: set[str] = set()
        self.staff: set[str] = set()
        self.groups: set[str] = set()
        self.paths: set[Path] = set()
        self.items: set[str] = set()
        self.systems: set[str] = set()
        self.system_of: dict[str, str] = {}
        for history in histories:
            self.add(history)

    def add(self, history: History) -> None:
        """Take in what ``history`` names."""
        tracked = [event.tracked for event in history.events]
        self.staff |= named(history.last[field] for field in history.kind.staff)
        self.staff |= named(event.actor for event in history.events)
        self.staff |= named(each["assignee"] for each in tracked)
        self.callers |= named(each["requester"] for each in tracked)
        self.groups |= named(each["group"] for each in tracked)
        self.items |= named(each["items"] for each in tracked) | set(history.items)
        self.systems |= named([history.last["business_system"], *history.systems.values()])
        self.system_of |= history.systems
        self.paths |= {each["category"] for each in tracked}


def named(names: Iterable[str | None]) -> set[str]:
    """The different names, without what is missing."""
    return {name for name in names if name}
