"""What a change brings that is no row of the configuration database yet."""

from __future__ import annotations

from collections.abc import Iterable

from changes.prepared.models import PreparedEdit
from cmdb.models import ConfigurationItem


def brought_by(change: int | None) -> dict[str, ConfigurationItem]:
    """The items that come with the change of this key, by identifier, as far as they are prepared; without keys."""
    return brought(PreparedEdit.objects.filter(change=change, kind=PreparedEdit.Kind.ITEM, applied_at=None))


def brought(edits: Iterable[PreparedEdit]) -> dict[str, ConfigurationItem]:
    """The items that ``edits`` bring, by identifier."""
    return {
        edit.identifier: ConfigurationItem(
            identifier=edit.identifier,
            name=edit.given["name"],
            ci_class_id=edit.given["ci_class"],
            status_id=edit.given["status"],
        )
        for edit in edits
        if edit.kind == PreparedEdit.Kind.ITEM
    }
