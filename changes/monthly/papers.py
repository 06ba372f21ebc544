"""The monthly report of changes as Excel and as PDF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from changes.assessing.queries import Calibration, calibrate
from changes.models import Change
from changes.monthly.analysis import Fact, facts_of
from changes.monthly.models import MonthlyWords
from changes.monthly.queries import Book, Row, book_of, by_group, by_template, figures_of
from changes.monthly.services import words_of
from changes.states import ENDED
from itsm.documents.paper import Part, pdf_of, printed
from itsm.documents.sheets import Book as Sheets
from tickets.figures.months import Month

#: Assessments are held against what became of changes in the year before the month's end.
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Report:
    """All that page, sheet, paper and API say of a month."""

    month: Month
    book: Book
    figures: list[tuple[str, object]]
    groups: list[Row]
    templates: list[Row]
    facts: list[Fact]
    words: MonthlyWords | None
    calibration: Calibration


def report_of(month: Month, user: User) -> Report:
    """The report of ``month`` as ``user`` sees it, in the active language."""
    book = book_of(month, user)
    parts = (figures_of(book, user), by_group(book), by_template(book), facts_of(book, user))
    year = Change.objects.visible_to(user).filter(state__in=ENDED, resolved_at__lt=month.end)
    calibration = calibrate(year.filter(resolved_at__gte=month.end - YEAR))
    return Report(month, book, *parts, words_of(month), calibration)


def _success(rows: Iterable[Row]) -> list[list[str]]:
    return [[row.name, str(len(row.changes)), str(row.good), f"{row.share} %", _numbers(row.changes)] for row in rows]


def _minutes(rows: Iterable[Row]) -> list[list[str]]:
    return [[row.name, str(row.minutes), _numbers(row.changes)] for row in rows]


def _said(facts: Iterable[Fact]) -> list[tuple[str, str]]:
    """Each fact with what was written about its changes, else with their numbers."""
    return [(fact.text, "\n".join(map(": ".join, fact.quotes)) or _numbers(fact.changes)) for fact in facts]


def _numbers(changes: Iterable[Change]) -> str:
    return ", ".join(one.number for one in changes)


def _heads() -> list[str]:
    return [_("Carried out"), _("Succeeded"), _("Success"), _("Changes")]


def report_pdf(report: Report, user: User, now: datetime) -> bytes:
    """The report as a paper."""
    words = [(str(report.words.written_by), report.words.text)] if report.words else []
    parts = [
        Part("", [(label, str(value)) for label, value in report.figures]),
        Part(_("Trouble in the process"), head=[_("Analysis"), _("Changes")], rows=_said(report.facts), broad=[0, 1]),
        *([Part(_("Analysis by the change manager"), words)] if words else []),
        Part(
            _("Assessments against outcomes"),
            head=[_("Risk"), _("Changes"), _("Went wrong")],
            rows=[[band.label, str(band.total), str(band.trouble)] for band in report.calibration.bands],
            broad=[0],
        ),
        Part(_("Success by group"), head=[_("Group"), *_heads()], rows=_success(report.groups), broad=[0, 4]),
        Part(_("Success by template"), head=[_("Template"), *_heads()], rows=_success(report.templates), broad=[0, 4]),
        Part(
            _("Interruption by business system"),
            head=[_("Business system"), _("Interruption (minutes)"), _("Changes")],
            rows=_minutes(report.book.interruptions),
            broad=[0, 2],
        ),
    ]
    return pdf_of(_("Monthly report of changes"), report.month.code, parts, printed=printed(user, now))


def report_xlsx(report: Report) -> bytes:
    """The report as sheets."""
    book = Sheets()
    book.add(_("Monthly report of changes"), [report.month.code, ""], report.figures, widths=(40, 20))
    words = [(_("Analysis by the change manager"), report.words.text)] if report.words else []
    said = [*_said(report.facts), *words]
    book.add(_("Trouble in the process"), [_("Analysis"), _("Changes")], said, widths=(70, 70))
    wide = (40, 14, 14, 14, 70)
    book.add(_("Success by group"), [_("Group"), *_heads()], _success(report.groups), widths=wide)
    book.add(_("Success by template"), [_("Template"), *_heads()], _success(report.templates), widths=wide)
    head = [_("Business system"), _("Interruption (minutes)"), _("Changes")]
    book.add(_("Interruption by business system"), head, _minutes(report.book.interruptions), widths=(40, 14, 70))
    return book.as_bytes()
