"""Checking that the demo's tickets came out as the file says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from incidents.models import Incident

#: States of the file that are not those of incidents: the incident's state and its close code.
SPECIAL = {
    "claimed": ("assigned", None),
    "rejected": ("closed", "rejected"),
    "unresolved": ("closed", "unresolved"),
}


def differences(rows: list[dict[str, Any]], tickets: dict[Any, Any]) -> Iterator[str]:
    """A line for everything that is not as the file says, for people to read."""
    incidents = Incident.objects.select_related("group", "assignee", "organisation", "duplicate_of")
    found = incidents.in_bulk([tickets[row["key"]].pk for row in rows])
    for row in rows:
        actual = found[tickets[row["key"]].pk]
        main = tickets[row["duplicate_of"]].number if "duplicate_of" in row else None
        expected = _expected(row) | {"duplicate_of": main}
        for name, value in _actual(actual, expected).items():
            if value != expected[name]:
                yield f"{row['key']} ({actual.number}): {name} is {value}, not {expected[name]}"


def _expected(row: dict[str, Any]) -> dict[str, Any]:
    state, close_code = SPECIAL.get(row["state"], (row["state"], None))
    expected = {"state": state} | {name: row[name] for name in ("organisation", "group", "assignee")}
    return expected | ({"close_code": close_code} if close_code else {})


def _actual(incident: Incident, expected: dict[str, Any]) -> dict[str, Any]:
    values = {
        "state": incident.state,
        "close_code": incident.close_code_id,
        "organisation": incident.organisation.code,
        "group": incident.group.code if incident.group else None,
        "assignee": incident.assignee.username if incident.assignee else None,
        "duplicate_of": incident.duplicate_of.number if incident.duplicate_of else None,
    }
    return {name: values[name] for name in expected}
