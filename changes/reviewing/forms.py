"""Input of the full review, and of the correction of an interruption (CHG-07)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from changes.informing.affected import systems_of
from changes.reviewing.queries import PREFIX, TOTAL, lines_of, systems_to_correct
from changes.states import Rating
from cmdb.models import BusinessSystem
from tickets.forms import ActionForm, CodeChoiceField
from tickets.shared.forms import text_field

MOST_MINUTES = 1_000_000


class ReviewForm(ActionForm):
    """The full review. A change that touches business systems is asked for the minutes of each."""

    expected_reached = forms.TypedChoiceField(
        label=_("Expected result reached"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    rating = forms.ChoiceField(label=_("Rating"), choices=Rating)
    business_view = forms.ChoiceField(label=_("Business satisfaction"), choices=Rating)
    interruption_minutes = forms.IntegerField(label=_("Interruption (minutes)"), min_value=0, max_value=MOST_MINUTES)
    lessons = text_field(_("Lessons, incidents it caused"), required=False)
    improvement = text_field(_("Improvement of the process"), required=False, rows=2)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is answered beforehand."""
        return {}

    def limit_choices(self) -> None:
        """One field for each system that goes down with it; the one that it names must be answered."""
        change: Any = self.ticket.specific if self.ticket.pk else None
        systems = systems_of(change) if change else []
        if not systems:
            return
        del self.fields[TOTAL]
        for system in systems:
            named = system.pk == change.business_system_id or len(systems) == 1
            self.fields[f"{PREFIX}{system.pk}"] = forms.IntegerField(
                label=gettext("Interruption of %(system)s (minutes)") % {"system": system},
                min_value=0,
                max_value=MOST_MINUTES,
                required=named,
                help_text="" if named else gettext("Empty: none."),
            )
        minutes = [f"{PREFIX}{system.pk}" for system in systems]
        self.order_fields(["expected_reached", "rating", "business_view", *minutes, "lessons", "improvement"])

    def minutes(self) -> dict[str, int]:
        """Minutes by code of the system; by nothing when it touches none."""
        if TOTAL in self.fields:
            return {"": self.cleaned_data[TOTAL]}
        given = {name: value for name, value in self.cleaned_data.items() if name.startswith(PREFIX)}
        return {name.removeprefix(PREFIX): value or 0 for name, value in given.items()}

    def body_values(self) -> dict[str, Any]:
        """What the change itself keeps: the minutes together."""
        kept = {name: value for name, value in super().body_values().items() if not name.startswith(PREFIX)}
        return {**kept, TOTAL: sum(self.minutes().values())}

    def as_record(self) -> dict[str, Any]:
        """The minutes by system stand in rows of their own."""
        return {name: value for name, value in super().as_record().items() if not name.startswith(PREFIX)}


class CorrectForm(ActionForm):
    """What the minutes really were, and why they were recorded otherwise."""

    system = CodeChoiceField(BusinessSystem.objects.none(), label=_("Business system"))
    minutes = forms.IntegerField(label=_("Interruption (minutes)"), min_value=0, max_value=MOST_MINUTES)
    text = text_field(_("Reason"), rows=2)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is answered beforehand."""
        return {}

    def limit_choices(self) -> None:
        """Its systems; nothing to choose when it was not told by system."""
        systems = systems_to_correct(self.ticket.specific) if self.ticket.pk else []  # type: ignore[arg-type]
        if systems:
            codes = [system.pk for system in systems]
            self.fields["system"].queryset = BusinessSystem.objects.filter(pk__in=codes)  # type: ignore[attr-defined]
        elif self.ticket.pk:
            del self.fields["system"]

    def clean(self) -> dict[str, Any]:
        """A correction says something else than what counts now."""
        cleaned = super().clean() or {}
        if self.now is None or self.errors:
            return cleaned
        change: Any = self.ticket.specific
        counted = {line.system: line.minutes for line in lines_of(change)}
        system, minutes = cleaned.get("system"), cleaned["minutes"]
        if counted.get(system) == minutes:
            self.add_error("minutes", gettext("This is what counts already."))
        self.total = sum({**counted, system: minutes}.values())
        return cleaned

    def body_values(self) -> dict[str, Any]:
        """What counts now, together; the row is written by the effect."""
        return {TOTAL: self.total, "text": self.cleaned_data["text"]}
