"""``manage.py collisions --from … --to … [--json]``: which changes get in one another's way."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from changes.collisions import Collision, Grade, collisions_between


def moment(text: str) -> datetime:
    """A moment, or midnight of a day, in the portal's zone unless it says another. Raises CommandError."""
    day = parse_date(text) if len(text) == 10 else None
    found = datetime(day.year, day.month, day.day) if day else parse_datetime(text)  # noqa: DTZ001 - made aware below
    if found is None:
        raise CommandError(f"{text} is no date or moment.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def as_data(one: Collision) -> dict[str, Any]:
    """A collision for programs."""
    return {
        "grade": str(one.grade),
        "reason": str(one.reason),
        "change": one.change.number,
        "with": one.other.number if one.other else None,
        "incident": one.incident.number if one.incident else None,
        "owner": one.owner.username if one.owner else None,
        "freeze": one.freeze.rule.code if one.freeze else None,
        "what": one.what,
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
    }


class Command(BaseCommand):
    """Print collisions by grade."""

    help = "Print the collisions of changes in a span, by grade, with reasons."

    def add_arguments(self, parser: CommandParser) -> None:
        """The span, and how it is printed."""
        parser.add_argument("--from", dest="start", required=True)
        parser.add_argument("--to", dest="end", required=True)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, start: str, end: str, json: bool = False, **options: Any) -> None:
        """Print them."""
        begin, until = moment(start), moment(end)
        if begin >= until:
            raise CommandError("--from must come before --to.")
        found = [as_data(one) for one in collisions_between(begin, until)]
        self.stdout.write(_as_json(found) if json else "\n".join(map(_as_line, found)))


def _as_json(found: list[dict[str, Any]]) -> str:
    grades: dict[str, Any] = {grade: [one for one in found if one["grade"] == grade] for grade in Grade.values}
    return json.dumps(grades, ensure_ascii=False, indent=2)


def _as_line(one: dict[str, Any]) -> str:
    other = one["with"] or one["incident"] or one["freeze"] or "—"
    return f"{one['grade']:5} {one['reason']:10} {one['change']} {other} {', '.join(one['what'])}"
