"""How a step goes, also told later than it happened: a press waits in the browser while there is no network."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.models import PlanStep
from changes.plan.reading import StepField
from changes.rules import may_carry_out, own_steps
from changes.states import Decision
from tickets.forms import ActionForm
from tickets.shared.forms import moment_field, text_field

Status = PlanStep.Status
#: How a step goes; backing one out is an action of its own.
REPORTED = (Status.STARTED, Status.DONE, Status.FAILED)
#: So far clocks of browsers may be wrong without a report being refused; it is moved to the moment that is possible.
INEXACT = timedelta(minutes=1)


class ToldLaterForm(ActionForm):
    """A report of a step that says when it happened, what whoever pressed had read, and who pressed."""

    step = StepField()
    at = moment_field(
        _("When it happened"), required=False, help_text=_("Empty: now. Otherwise not before the work began.")
    )
    seen = forms.ChoiceField(
        label=_("Status that was read"),
        choices=[("", "—"), *Status.choices],
        required=False,
        widget=forms.HiddenInput,
        help_text=_("Refused when the step has another status by now."),
    )
    by = forms.CharField(
        label=_("Who pressed"),
        max_length=150,
        required=False,
        widget=forms.HiddenInput,
        help_text=_("User name; refused when somebody else sends it."),
    )
    unlogged = frozenset({"seen", "by"})

    def steps(self) -> Any:
        """Steps that it can be about."""
        return PlanStep.objects.filter(change_id=self.ticket.pk)

    def limit_choices(self) -> None:
        """Steps of this change."""
        self.fields["step"].queryset = self.steps()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """It is sent by whoever pressed, about the step as they read it, at a time that is possible."""
        cleaned = super().clean() or {}
        if cleaned.get("by") and (self.user is None or cleaned["by"] != self.user.username):
            self.add_error("by", gettext("Somebody else is signed in now; whoever pressed must send it."))
        step = cleaned.get("step")
        if step is not None and self.user is not None and not self._may_report(step, self.user):
            said = gettext("Those who implement the change report this step, and whoever it names.")
            self.add_error("step", said)
        if cleaned.get("seen") and (moved := self._moved(cleaned["seen"])):
            self.errors.pop("step", None)  # that it is none to choose any more says less
            self.add_error("step", told_meanwhile(moved, self.user))
        if step is not None and cleaned.get("at") and self.now is not None:
            cleaned["at"] = self._possible(step, cleaned["at"], self.now)
        return cleaned

    def _may_report(self, step: PlanStep, user: User) -> bool:
        return may_carry_out(self.ticket, user) or step.pk in own_steps(self.ticket, user)

    def _moved(self, seen: str) -> PlanStep | None:
        """The step that was meant, when it is not as it was read any more."""
        position = str(self.data.get("step", ""))
        step = (
            PlanStep.objects.filter(change_id=self.ticket.pk)
            .select_related("reported_by")
            .filter(position=position)
            .first()
            if position.isdecimal()
            else None
        )
        return step if step is not None and step.status != seen else None

    def _possible(self, step: PlanStep, at: datetime, now: datetime) -> datetime:
        """``at``, moved by the inexactness of clocks; an error for what cannot have been."""
        begun = step.started_at or getattr(self.ticket.specific, "actual_start", None) or at
        if at > now + INEXACT:
            self.add_error("at", gettext("This lies in the future."))
        elif at < begun - INEXACT:
            self.add_error("at", gettext("This lies before its beginning."))
        return min(max(at, begun), now)


def told_meanwhile(step: PlanStep, reader: User | None) -> str:
    """How ``step`` stands by now, who said so and when: beside a report that was made on something older.

    In the reader's time: the sheet sends by the API, whose own time is UTC.
    """
    told: dict[str, Any] = {"status": step.get_status_display()}
    if step.reported_by is None or step.reported_at is None:
        return gettext("Meanwhile it is: %(status)s.") % told
    zone = ZoneInfo((reader.time_zone if reader else "") or settings.TIME_ZONE)
    told |= {"name": step.reported_by.display_name, "at": localtime(step.reported_at, zone).strftime("%H:%M")}
    return gettext("Meanwhile %(name)s reported at %(at)s: %(status)s.") % told


class ReportForm(ToldLaterForm):
    """How a step goes."""

    status = forms.ChoiceField(
        label=_("Status"),
        choices=[(status.value, status.label) for status in REPORTED],
        widget=forms.RadioSelect,
    )
    text = text_field(_("Note"), required=False, rows=2)

    field_order = ("step", "status", "text", "at")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The first step that is not over."""
        over = (Status.DONE, Status.FAILED, Status.BACKED_OUT)
        step = PlanStep.objects.filter(change_id=ticket.pk).exclude(status__in=over).first()
        return {"step": step.position if step else None, "status": Status.DONE}

    def clean(self) -> dict[str, Any]:
        """Nobody passes the point of no return before it is decided to go on, and after No go nothing else begins."""
        cleaned = super().clean()
        step, change = cleaned.get("step"), self.ticket.specific
        if step is not None and (reason := why_held(change, step, point_of(change), cleaned.get("at"))):
            self.add_error("step", reason)
        return cleaned


def point_of(change: Any) -> int | None:
    """The number of the step that is its point of no return."""
    return PlanStep.objects.filter(change_id=change.pk, no_return=True).values_list("position", flat=True).first()


def why_held(change: Any, step: PlanStep, point: int | None, at: datetime | None = None) -> str:
    """Why ``step`` can only be backed out; empty when it goes on.

    ``at``: when it went on, as was told: what began before *No go* began, also when that is told later.
    """
    if point is None or change.decision == Decision.GO:
        return ""
    behind = step.position >= point
    if change.decision != Decision.NO_GO:
        return gettext("This lies behind the point of no return: decide to go first.") if behind else ""
    told_later = at is not None and change.timeline.filter(action="no_go", at__gt=at).exists()
    if not behind and (step.status != Status.PLANNED or told_later):
        return ""
    return gettext("It was decided not to go on: what has begun is ended or backed out, nothing else begins.")


class BackOutStepForm(ToldLaterForm):
    """The step that is undone, and how that went."""

    text = text_field(_("How it was backed out"), required=False, rows=2)

    field_order = ("step", "text", "at")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The last one that was begun: steps are undone from the end."""
        step = self.steps().last()
        return {"step": step.position if step else None}

    def steps(self) -> Any:
        """Steps that were begun and are not undone yet: what was never begun needs no undoing."""
        return super().steps().filter(status__in=REPORTED)
