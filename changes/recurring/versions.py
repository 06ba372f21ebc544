"""What a recurring change said, and since when: each save and each step adds a version; none is changed (CHG-01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from changes.recurring.models import Recurrence, RecurrenceVersion

#: So many versions are shown, the newest first.
SHOWN = 50
#: Columns that a version keeps as they are.
PLAIN = ("title", "every", "unit", "first_day", "begins_at", "minutes", "zone", "last_day", "ahead", "status")
#: What steering alters: whether it goes on, and for whom.
STEERED = ("status", "owner")


@dataclass(frozen=True)
class Step:
    """A version with what it altered: (label, before, after); the first one alters nothing."""

    version: RecurrenceVersion
    altered: list[tuple[str, str, str]]


def as_content(made: Recurrence) -> dict[str, Any]:
    """What ``made`` says, as JSON keeps it; rows by their code, number, user name or identifier."""
    said: dict[str, Any] = {name: _plain(getattr(made, name)) for name in PLAIN}
    return said | {
        "template": made.template.code if made.template else None,
        "copied": made.copied.number if made.copied else None,
        "owner": made.owner.username,
        "items": sorted(made.items.values_list("identifier", flat=True)),
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, time)) else value


def record(made: Recurrence, *, by: User | None, now: datetime) -> None:
    """Keep what ``made`` says from ``now`` on; nothing when it says what it said. Its row must be locked."""
    newest, content = made.versions.first(), as_content(made)
    if newest is None or newest.content != content:
        made.versions.create(number=newest.number + 1 if newest else 1, content=content, made_by=by, made_at=now)


def history(made: Recurrence) -> list[Step]:
    """The newest versions. One query."""
    rows = list(made.versions.select_related("made_by")[: SHOWN + 1])
    pairs = zip(rows, [*rows[1:], None], strict=True)
    return [Step(one, _altered(before.content, one.content) if before else []) for one, before in pairs][:SHOWN]


def authors_of(change: Any) -> set[int]:
    """Keys of those who wrote what the rule that raised ``change`` says; to steer it or to own it writes nothing."""
    rows = RecurrenceVersion.objects.filter(rule__occurrences__change=change).order_by("number")
    found, before = set(), None
    for content, by in rows.values_list("content", "made_by"):
        said = {name: value for name, value in content.items() if name not in STEERED}
        if by is not None and said != before:
            found.add(by)
        before = said
    return found


def _altered(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (str(Recurrence._meta.get_field(name).verbose_name), _word(name, before.get(name)), _word(name, value))  # type: ignore[union-attr]
        for name, value in after.items()
        if before.get(name) != value
    ]


def _word(name: str, value: Any) -> str:
    """The value as people read it."""
    if value in (None, "", []):
        return "—"
    if name == "unit":
        return str(Recurrence.Unit(value).label)
    if name == "status":
        return str(Recurrence.Status(value).label)
    if name == "begins_at":
        return str(value)[:5]
    return _(", ").join(value) if isinstance(value, list) else str(value)
