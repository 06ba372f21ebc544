"""Input of the end of the work: when it really was, and how it went (CHG-06)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Max
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from changes import guards
from changes.codes import EMERGENCY, MAJOR
from changes.models import PlanStep
from changes.states import Result
from tickets.forms import ActionForm, AttachmentsField
from tickets.shared.forms import moment_field, text_field


class EndFields(ActionForm):
    """When it really ended: never in the future, nor before what its steps say."""

    actual_end = moment_field(_("Actual end"), required=False, help_text=_("Empty: now."))

    def clean(self) -> dict[str, Any]:
        """It has ended, and after it began."""
        cleaned = super().clean() or {}
        begin = cleaned.get("actual_start") or getattr(self.ticket.specific, "actual_start", None)
        end = cleaned.get("actual_end")
        if end and self.now and end > self.now:
            self.add_error("actual_end", gettext("It cannot end in the future."))
        elif end and begin and end < begin:
            self.add_error("actual_end", gettext("It must end after it begins."))
        elif end and self.ticket.pk and end < (last := last_reported(self.ticket) or end):
            said = gettext("One of its steps was still going on: it was reported for %(at)s.")
            self.add_error("actual_end", said % {"at": localtime(last).strftime("%Y-%m-%d %H:%M")})
        return cleaned


def last_reported(ticket: Any) -> datetime | None:
    """The last moment at which a step began or ended, as reported."""
    found = ticket.specific.steps.aggregate(began=Max("started_at"), ended=Max("ended_at"))
    return max((at for at in found.values() if at), default=None)


def earliest_start(change: Any) -> datetime:
    """When its work may have begun at the earliest; what was written before then had no change that allowed it.

    That is the begin of its window, or what was recorded when it was begun early. An emergency is told after the fact
    and has no window that was kept; but before it was requested at all, nobody knew of it.
    """
    floor = change.created_at
    if change.change_type_id != EMERGENCY and change.planned_start:
        floor = max(floor, change.planned_start)
    return min(floor, change.actual_start or floor)


class ImplementedForm(EndFields):
    """How and when it went."""

    result = forms.ChoiceField(
        label=pgettext_lazy("change", "Result"),
        choices=[choice for choice in Result.choices if choice[0] != Result.BACKED_OUT],
        widget=forms.RadioSelect,
    )
    actual_start = moment_field(_("Actual start"), required=False, help_text=_("Empty: as recorded."))
    text = text_field(_("How it went"), required=False)
    attachments = AttachmentsField()

    field_order = ("result", "actual_start", "actual_end", "text")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The usual case."""
        return {"result": Result.AS_PLANNED}

    def clean(self) -> dict[str, Any]:
        """What did not go as planned is told, also when a step says so; it did not begin earlier than it may have."""
        cleaned = super().clean()
        if cleaned.get("result") == Result.AS_PLANNED:
            self._check_steps()
        if cleaned.get("result") in (Result.AS_PLANNED, Result.DEVIATED):
            self._not_past_the_point()
        if cleaned.get("result") not in (None, Result.AS_PLANNED) and not cleaned.get("text"):
            self.add_error("text", gettext("Say what differed from the plan."))
        begin, end = cleaned.get("actual_start"), cleaned.get("actual_end") or self.now
        if begin and end and begin > end:
            self.add_error("actual_start", gettext("It must end after it begins."))
        elif begin and self.ticket.pk and begin < (first := earliest_start(self.ticket.specific)):
            said = gettext("It cannot have begun before %(at)s: its window, or the request of an emergency.")
            self.add_error("actual_start", said % {"at": localtime(first).strftime("%Y-%m-%d %H:%M")})
        return cleaned

    def _check_steps(self) -> None:
        """As planned: no step went wrong, and of a major change each one is done."""
        if self.ticket.pk is None:
            return
        if (wrong := guards.step_gone_wrong(self.ticket.specific)) is not None:
            said = gettext("Step %(number)s failed or was backed out: it did not go as planned.")
            self.add_error("result", said % {"number": wrong})
            return
        steps = PlanStep.objects.filter(change=self.ticket.pk)
        open_ = steps.exclude(status="done").first() if _type_of(self.ticket) == MAJOR else None
        if open_ is not None:
            said = gettext("Step %(number)s is not reported as done: a major change goes as planned step by step.")
            self.add_error("result", said % {"number": open_.position})

    def _not_past_the_point(self) -> None:
        """While nobody decided to pass its point of no return, it was not passed: then it only failed."""
        change: Any = self.ticket.specific
        if self.ticket.pk and change.no_return_at and not change.decision:
            self.add_error("result", gettext("Nobody has decided yet to pass the point of no return."))


def _type_of(ticket: Any) -> str:
    return ticket.specific.change_type_id if ticket.pk else ""


class BackOutForm(EndFields):
    """Why it was undone."""

    text = text_field(_("Why it is backed out, and how it went"))

    field_order = ("text", "actual_end")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is known yet."""
        return {}
