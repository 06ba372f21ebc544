"""``manage.py collisions --from … --to … [--json] [--shares] [--over]``: which changes get in one another's way."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from changes.collision.collisions import Collision, Grade, collisions_between, shares
from tickets import clock


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
        "what": one.names,
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
        parser.add_argument("--shares", action="store_true", help="print only how many changes collide, by grade")
        parser.add_argument("--over", action="store_true", help="also changes that were carried out, as if they stood")

    def handle(self, *args: Any, start: str, end: str, **options: Any) -> None:
        """Print them."""
        as_json, over = options.get("json", False), options.get("over", False)
        begin, until = moment(start), moment(end)
        if begin >= until:
            raise CommandError("--from must come before --to.")
        now = clock.now()
        found = collisions_between(begin, until, now, over=over)
        counted = shares(found, begin, until, now, over=over)
        if options.get("shares"):
            self.stdout.write(json.dumps(counted, indent=2) if as_json else _as_shares(counted))
            return
        rows = [as_data(one) for one in found]
        self.stdout.write(_as_json(rows) if as_json else "\n".join([*map(_as_line, rows), _as_shares(counted)]))


def _as_shares(counted: dict[str, Any]) -> str:
    """How many of the changes collide, a line for each grade."""
    total = counted["changes"]
    lines = [f"{total:,} changes"]
    for grade in Grade.values:
        changes, pairs = counted[grade]["changes"], counted[grade]["pairs"]
        lines.append(f"{grade:5} {changes:,} changes ({changes / total if total else 0:.1%}), {pairs:,} collisions")
    return "\n".join(lines)


def _as_json(found: list[dict[str, Any]]) -> str:
    grades: dict[str, Any] = {grade: [one for one in found if one["grade"] == grade] for grade in Grade.values}
    return json.dumps(grades, ensure_ascii=False, indent=2)


def _as_line(one: dict[str, Any]) -> str:
    other = one["with"] or one["incident"] or one["freeze"] or "—"
    return f"{one['grade']:5} {one['reason']:10} {one['change']} {other} {', '.join(one['what'])}"
