"""The problem record, and the register with the monthly report, as PDF (TKT-12, PRB-08, PRB-09)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from itsm.documents.fonts import FONTS
from itsm.documents.paper import Part, moment, pdf_of, printed
from problems.figures.register import Effect, Line, cells_of, heads, report_rows
from problems.investigation.fishbone import svg_of
from problems.models import Problem
from tickets.figures.months import Month
from tickets.models import Ticket


def record_pdf(
    problem: Problem, said: dict[str, Any], incidents: Iterable[Ticket], user: User, now: datetime
) -> bytes:
    """The problem record (问题记录表). ``said``: as the page has it (``problems.views.investigation.record``)."""
    named = (
        (_("Number"), problem.number),
        (_("State"), problem.state_label),
        (_("Summary"), problem.summary),
        (_("Raised from"), problem.problem_source),
        (_("Level"), problem.level),
        (_("Category of the problem"), problem.problem_category),
        (_("Owner"), problem.assignee),
        (_("Created"), moment(problem.created_at)),
        (_("Resolved"), moment(problem.resolved_at)),
        (_("Description"), problem.description),
    )
    head = [(str(label), str(value or "—")) for label, value in named]
    notes = [(str(part["label"]), part["note"].text) for part in said["parts"] if part["note"] and part["note"].text]
    texts = [(str(label), text) for label, text in said["texts"]]
    signed = [(str(step["label"]), f"{step['who']} · {moment(step['at'])}") for step in said["approvals"]]
    whys = [(f"{why['number']}", f"{'★ ' if why['is_root'] else ''}{why['text']}") for why in said["whys"]]
    rows = [[one.number, one.summary, str(one.state_label)] for one in incidents]
    parts = [
        Part("", head),
        *([Part(str(_("Investigation")), notes)] if notes else []),
        *([Part(str(_("Solution")), [*texts, *signed])] if texts or signed else []),
        *([Part(str(_("Five whys")), whys)] if whys else []),
        *([Part(str(_("Fishbone")), picture=svg_of(said["drawing"], FONTS))] if said["drawing"] else []),
        Part(str(_("Incidents")), head=[str(_("Number")), str(_("Summary")), str(_("State"))], rows=rows, broad=[1]),
    ]
    return pdf_of(str(_("Problem record")), problem.number, parts, printed=printed(user, now))


def register_pdf(month: Month, lines: list[Line], effect: Effect, user: User, now: datetime) -> bytes:
    """The monthly report and the register (问题记录汇总表) of a month, on sheets that lie on their side."""
    figures = [(label, str(value)) for label, value in report_rows(lines, effect)]
    rows = [[str(cell) for cell in cells_of(line)] for line in lines]
    parts = [
        Part(str(_("Monthly report")), figures),
        Part(str(_("Register of problems")), head=[str(head) for head in heads()], rows=rows, broad=[1, 2, 3, 9, 10]),
    ]
    return pdf_of(str(_("Register of problems")), month.code, parts, printed=printed(user, now), wide=True)
