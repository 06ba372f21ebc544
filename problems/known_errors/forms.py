"""Input of known errors, for pages and API alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from cmdb.models import BusinessSystem, ConfigurationItem
from problems.models import KnownError
from tickets.forms import ActionForm, CodeChoiceField, RemoteSelect, RemoteSelectMultiple
from tickets.models import Ticket
from tickets.shared.forms import moment_field, text_field


class PublishForm(ActionForm):
    """What agents read: nothing of the problem travels but what is written here."""

    title = forms.CharField(label=_("Title"), max_length=200)
    symptoms = text_field(_("Symptoms, in the words of callers"), rows=3)
    cause = text_field(_("Cause"), required=False, rows=2)
    steps = text_field(_("Workaround, step by step"), rows=5)
    business_system = CodeChoiceField(BusinessSystem.objects.active(), label=_("Business system"), required=False)
    items = forms.ModelMultipleChoiceField(
        ConfigurationItem.objects.none(),
        label=_("Configuration items"),
        to_field_name="identifier",
        required=False,
        widget=RemoteSelectMultiple("tickets:find_items"),
    )
    valid_until = moment_field(_("Valid until"), required=False)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """What was published last; the first time what is on record of the problem."""
        known = KnownError.objects.filter(problem_id=ticket.pk).first()
        if known is None:
            return {
                "title": ticket.summary,
                "symptoms": ticket.description,
                "cause": ticket.root_cause,
                "steps": ticket.workaround,
                "business_system": ticket.business_system_id,
                "items": list(ticket.items.values_list("identifier", flat=True)),
            }
        return {
            **{name: getattr(known, name) for name in ("title", "symptoms", "cause", "steps", "valid_until")},
            "business_system": known.business_system_id,
            "items": list(known.items.values_list("identifier", flat=True)),
        }

    def clean_valid_until(self) -> datetime | None:
        """What is over already helps nobody."""
        until: datetime | None = self.cleaned_data["valid_until"]
        if until and self.now is not None and until <= self.now:
            raise forms.ValidationError(_("This time is in the past."))
        return until

    def limit_choices(self) -> None:
        """Items that the person sees."""
        if self.user is not None:
            self.fields["items"].queryset = ConfigurationItem.objects.visible_to(self.user)  # type: ignore[attr-defined]


class KnownErrorField(CodeChoiceField):
    """A known error, named by the number of its problem."""

    def __init__(self, **kwargs: Any) -> None:
        found = KnownError.objects.select_related("problem")
        super().__init__(found, key="problem__number", label=_("Known error"), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """The number of its problem."""
        return value.problem.number if isinstance(value, KnownError) else value

    def label_from_instance(self, obj: Any) -> str:
        """Number and title."""
        return f"{obj.problem.number} {obj.title}"


class KnownErrorChoice(ActionForm):
    """A known error."""

    known_error = KnownErrorField()

    def as_record(self) -> dict[str, Any]:
        """Its number and title."""
        known = self.cleaned_data.get("known_error")
        return {"known_error": f"{known.problem.number} {known.title}"} if known else {}


class TakeForm(KnownErrorChoice):
    """One that is valid now."""

    known_error = KnownErrorField(widget=RemoteSelect("problems:find_known_errors"), help_text=_("Number or words."))

    def limit_choices(self) -> None:
        """Those that are offered."""
        found = KnownError.objects.valid(Now()).select_related("problem")
        self.fields["known_error"].queryset = found  # type: ignore[attr-defined]


class DropForm(KnownErrorChoice):
    """One that this incident took."""

    def limit_choices(self) -> None:
        """Those that it took."""
        taken = KnownError.objects.filter(uses__ticket_id=self.ticket.pk, uses__dropped_at=None)
        self.fields["known_error"].queryset = taken.select_related("problem")  # type: ignore[attr-defined]

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """Nothing: a choice."""
        return {}


class HearForm(ActionForm):
    """The workaround as it is told."""

    text = text_field(_("Workaround"))
