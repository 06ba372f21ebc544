"""What the page of a change shows of its prepared edits and of what differs."""

from __future__ import annotations

from typing import Any

from changes.models import Change
from changes.prepared.difference import unexplained
from changes.prepared.models import PreparedEdit
from changes.prepared.queries import brought
from changes.prepared.services import redundancy_of
from changes.states import ENDED
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES
from cmdb.models import ConfigurationItem
from cmdb.versioning.history import Names

#: So much of what differs is shown; the API lists all of it.
SHOWN = 200
OFFERED = ("prepare_value", "prepare_relation", "prepare_item", "drop_edit", "apply_edits", "settle_difference")


def part_of(change: Change, buttons: dict[str, Any]) -> dict[str, Any]:
    """The edits in words, what differs once it has ended, and the buttons; nothing to drop without edits."""
    edits = list(change.edits.select_related("item", "other", "relation_type", "applied_by"))
    offered = [name for name in OFFERED if name in buttons and (edits or name not in ("drop_edit", "apply_edits"))]
    names = Names(Definitions()) if edits else None
    new = brought(edits)
    differs = unexplained(change) if change.state in ENDED else []
    return {
        "edits": [line_of(edit, names, _class_of(edit, new)) for edit in edits if names],
        "differs": differs[:SHOWN],
        "more": max(0, len(differs) - SHOWN),
        "settled_at": change.difference_settled_at,
        "buttons": [buttons[name] for name in offered],
    }


def _class_of(edit: PreparedEdit, new: dict[str, ConfigurationItem]) -> str:
    return (edit.item or new[edit.identifier]).ci_class_id


def line_of(edit: PreparedEdit, names: Names, class_code: str) -> dict[str, Any]:
    """An edit as people read it. ``class_code``: of the class that its item has, or comes with."""
    given = edit.given
    becomes = redundancy_of(given["group"], given["needed"]) if edit.relation_type and given else ""
    line = {"edit": edit, "values": [], "redundancy": becomes}
    if edit.relation_type is None:
        line["values"] = [
            {
                "label": names.definitions.label(NAMES.get(name, name)),
                "was": edit.was,
                "becomes": names.shown(NAMES.get(name, name), value, class_code),
            }
            for name, value in edit.given.items()
        ]
    return line
