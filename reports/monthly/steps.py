"""What people do with a service report: each step declared once, for page and API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from reports.models import ServiceReport
from reports.monthly import reports
from reports.monthly.approving import may_approve, may_write
from reports.monthly.forms import CorrectForm, RecountForm, ReturnForm, StepForm, WriteForm
from reports.monthly.reports import ReportRefused
from tickets import clock

State = ServiceReport.State
UNSENT = frozenset({State.DRAFT, State.APPROVED})


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step. ``run`` returns the report that came of it; ``states``: where it is possible; ``done``: what is said.

    ``help``: what it does, for programs.
    """

    run: Callable[..., ServiceReport]
    states: frozenset[str]
    label: Any
    icon: str
    done: Any
    help: Any
    form: type[StepForm] = StepForm
    primary: bool = False


#: By name, in the order of their buttons.
STEPS: dict[str, Step] = {
    "approve": Step(
        run=reports.approve_report,
        states=frozenset({State.DRAFT}),
        label=pgettext_lazy("report", "Approve"),
        icon="check",
        done=_("The report is approved."),
        help=_("Approve a draft of which you wrote nothing"),
        primary=True,
    ),
    "return": Step(
        run=reports.return_report,
        states=frozenset({State.DRAFT}),
        label=_("Send back"),
        icon="arrow-back-up",
        done=_("The report is sent back."),
        help=_("Send a draft of which you wrote nothing back, with what is to be mended"),
        form=ReturnForm,
    ),
    "send": Step(
        run=reports.send_report,
        states=frozenset({State.APPROVED}),
        label=_("Send"),
        icon="send",
        done=_("Sent to %(count)d readers."),
        help=_("Send what was approved to the customer's contacts"),
        primary=True,
    ),
    "edit": Step(
        run=reports.edit_report,
        states=UNSENT,
        label=_("Save"),
        icon="device-floppy",
        done=_("The improvement actions are saved."),
        help=_("Write the improvement actions; what was approved is a draft again"),
        form=WriteForm,
    ),
    "recount": Step(
        run=reports.recount_report,
        states=UNSENT,
        label=_("Count anew"),
        icon="rotate",
        done=_("The month is counted anew, in the customer's language."),
        help=_("Count what was not sent yet anew, in the customer's language"),
        form=RecountForm,
    ),
    "correct": Step(
        run=reports.correct_report,
        states=frozenset({State.SENT}),
        label=_("Correct"),
        icon="rotate",
        done=_("The month is counted anew, as the next version."),
        help=_("Correct what was sent: the month is counted anew, as the next version"),
        form=CorrectForm,
    ),
}


def possible(report: ServiceReport, user: User) -> list[str]:
    """Names of the steps that ``user`` may take now, in order."""
    if not may_write(user):
        return []
    found = [name for name, step in STEPS.items() if report.state in step.states]
    refused = set()
    if "approve" in found and not may_approve(report, user):
        refused |= {"approve", "return"}
    if "correct" in found and reports.newer_than(report):
        refused.add("correct")
    return [name for name in found if name not in refused]


def form_of(name: str, report: ServiceReport, data: Mapping[str, Any] | None = None) -> StepForm:
    """The form of a step, with what was sent as ``data``."""
    initial = {"improvements": report.improvements}
    return STEPS[name].form(data, report=report, step=name, initial=initial)


def take(name: str, *, report: ServiceReport, user: User, cleaned: dict[str, Any]) -> ServiceReport:
    """Take the step with what its form understood. Raises ReportRefused, which names what is possible instead."""
    try:
        return STEPS[name].run(report=report, user=user, now=clock.now(), **cleaned)
    except ReportRefused as refused:
        refused.possible = possible(ServiceReport.objects.get(pk=report.pk), user)
        raise


def said_of(name: str, report: ServiceReport) -> str:
    """What is said when the step was taken and ``report`` came of it."""
    readers = [row for row in report.content.get("sent_to", ()) if not row["lost"]]
    return str(STEPS[name].done) % {"count": len(readers)}
