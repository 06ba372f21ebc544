"""What the page of a change shows of its prepared edits and of what differs."""

from __future__ import annotations

from typing import Any

from changes.models import Change
from changes.prepared.difference import unexplained
from changes.prepared.models import PreparedEdit
from changes.prepared.services import redundancy_of
from changes.states import ENDED
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES
from cmdb.versioning.history import Names

OFFERED = ("prepare_value", "prepare_relation", "prepare_item", "drop_edit", "apply_edits", "settle_difference")


def part_of(change: Change, buttons: dict[str, Any]) -> dict[str, Any]:
    """The edits in words, what differs once it has ended, and the buttons; nothing to drop without edits."""
    edits = list(change.edits.select_related("item", "other", "relation_type", "applied_by"))
    offered = [name for name in OFFERED if name in buttons and (edits or name not in ("drop_edit", "apply_edits"))]
    names = Names(Definitions()) if edits else None
    return {
        "edits": [line_of(edit, names) for edit in edits if names],
        "differs": unexplained(change) if change.state in ENDED else [],
        "settled_at": change.difference_settled_at,
        "buttons": [buttons[name] for name in offered],
    }


def line_of(edit: PreparedEdit, names: Names) -> dict[str, Any]:
    """An edit as people read it."""
    given = edit.given
    becomes = redundancy_of(given["group"], given["needed"]) if edit.relation_type and given else ""
    line = {"edit": edit, "values": [], "redundancy": becomes}
    if edit.kind == PreparedEdit.Kind.VALUE and edit.item:
        line["values"] = [
            {
                "label": names.definitions.label(NAMES.get(name, name)),
                "was": edit.was,
                "becomes": names.shown(NAMES.get(name, name), value, edit.item.ci_class_id),
            }
            for name, value in edit.given.items()
        ]
    return line
