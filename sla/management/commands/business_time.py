from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sla.calendars.clock import CalendarEmpty
from sla.calendars.publishing import business_time
from sla.calendars.spans import format_amount, parse_amount
from sla.models import CalendarVersion


class Command(BaseCommand):
    """Ask a calendar, as clocks do."""

    help = "Add business time to a moment, or measure it between two, by a calendar (local times are its own)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Two questions, each about one calendar."""
        questions = parser.add_subparsers(dest="question", required=True)
        for name, other in (("add", "--duration"), ("diff", "--end")):
            question = questions.add_parser(name)
            question.add_argument("--calendar", required=True, help="code, such as 5x8")
            question.add_argument("--version-number", type=int, help="an older version than the current one")
            question.add_argument("--start", required=True, help='local time, such as "2026-02-13 17:30"')
            question.add_argument(other, required=True, help="4h, 90m, 1h30m" if name == "add" else "local time")

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer in local time and UTC."""
        version = _version(options["calendar"], options["version_number"])
        zone, clock = ZoneInfo(version.zone), business_time(version)
        start = _moment(options["start"], zone)
        self._tell("start", start, zone)
        if options["question"] == "diff":
            end = _moment(options["end"], zone)
            self._tell("end", end, zone)
            self.stdout.write(f"business time: {format_amount(clock.diff(start, end))}")
        else:
            try:
                self._tell("due", clock.add(start, _amount(options["duration"])), zone)
            except CalendarEmpty as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"calendar: {version}, confirmed until {version.confirmed_until or 'always'}")

    def _tell(self, name: str, moment: datetime, zone: ZoneInfo) -> None:
        local, utc = moment.astimezone(zone), moment.astimezone(UTC)
        self.stdout.write(f"{name}: {local:%a} {local.isoformat(sep=' ')} = {utc:%Y-%m-%dT%H:%M:%S}Z")


def _version(code: str, number: int | None) -> CalendarVersion:
    found = CalendarVersion.objects.filter(calendar=code)
    version = found.filter(number=number).first() if number else found.order_by("-number").first()
    if version is None:
        raise CommandError(f"There is no such calendar: {code}{f' version {number}' if number else ''}.")
    return version


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"Not a time: {text}. Write it as 2026-02-13 17:30.") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _amount(text: str) -> Any:
    try:
        return parse_amount(text)
    except ValueError:
        raise CommandError(f"Not an amount of time: {text}. Write it as 4h, 90m or 1h30m.") from None
