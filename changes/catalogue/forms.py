"""Ordering a standard change from the catalogue: a window, and done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from changes.catalogue.templates import offered
from changes.forms import check_window, limit_to_visible
from changes.models import Change, ChangeTemplate
from changes.states import ENDED
from cmdb.models import BusinessSystem, ConfigurationItem
from tickets import clock
from tickets.forms import ActionForm, CodeChoiceField, PersonField, RemoteSelect, RemoteSelectMultiple
from tickets.shared.forms import TicketField, moment_field, text_field

#: Beside the items of an order, a recurrence, or a change raised from a ticket.
SUBJECT_MISSING = _("Name a configuration item or a business system: this standard change needs one.")


def names_subject(template: ChangeTemplate, named: bool) -> bool:
    """Whether what is ``named`` is enough for ``template``."""
    return named or not template.needs_subject


class OrderForm(ActionForm):
    """What is ordered, for when, on what. Without a window: now, for as long as the template says."""

    template = CodeChoiceField(ChangeTemplate.objects.none(), label=_("Standard change"), empty_label=None)
    summary = forms.CharField(label=_("Summary"), max_length=200, required=False)
    planned_start = moment_field(_("Planned start"), required=False, help_text=_("Empty: now."))
    planned_end = moment_field(_("Planned end"), required=False, help_text=_("Empty: as long as the template says."))
    items = forms.ModelMultipleChoiceField(
        ConfigurationItem.objects.none(),
        label=_("Configuration items"),
        to_field_name="identifier",
        required=False,
        widget=RemoteSelectMultiple("tickets:find_items"),
    )
    business_system = CodeChoiceField(BusinessSystem.objects.active(), label=_("Business system"), required=False)
    requester = PersonField(
        label=_("Requester"),
        required=False,
        widget=RemoteSelect("tickets:find_people"),
        help_text=_("Empty: yourself."),
    )
    raised_from = TicketField(label=_("Raised from"), required=False)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is chosen."""
        return {}

    def limit_choices(self) -> None:
        """The catalogue as it stands, and what the person sees."""
        self.fields["template"].queryset = offered()  # type: ignore[attr-defined]
        if self.user is not None:
            limit_to_visible(self, self.user)

    def clean(self) -> dict[str, Any]:
        """Fill the window in."""
        cleaned = super().clean() or {}
        template = cleaned.get("template")
        if template is None:
            return cleaned
        now = self.now or clock.now()
        begin = cleaned.get("planned_start") or now
        cleaned["planned_start"] = begin
        cleaned["planned_end"] = cleaned.get("planned_end") or begin + timedelta(minutes=template.minutes)
        check_window(self, cleaned, "planned_start", "planned_end")
        if cleaned["planned_end"] <= now and not (self.errors.keys() & {"planned_start", "planned_end"}):
            self.add_error("planned_start", gettext("This time is over: choose one to come, or leave it empty."))
        if not names_subject(template, self.subject(cleaned)) and "items" not in self.errors:
            self.add_error("items", SUBJECT_MISSING)
        return cleaned

    def subject(self, cleaned: dict[str, Any]) -> bool:
        """Whether it says on what it is carried out."""
        return bool(cleaned.get("items") or cleaned.get("business_system"))

    def body_values(self) -> dict[str, Any]:
        """Items are written by the effect."""
        return {k: v for k, v in super().body_values().items() if k != "items"}


class RaiseForm(OrderForm):
    """A standard change out of a ticket: its requester, its items unless others are named."""

    requester = raised_from = business_system = None  # type: ignore[assignment]  # those of the ticket

    def limit_choices(self) -> None:
        """Said beside the field whose items are meant."""
        super().limit_choices()
        self.fields["items"].help_text = _("Empty: those of this ticket.")

    def subject(self, cleaned: dict[str, Any]) -> bool:
        """What the ticket is about counts too."""
        about: Any = self.ticket
        return super().subject(cleaned) or about.business_system_id is not None or about.affected_items.exists()

    def as_record(self) -> dict[str, Any]:
        """The line of the new change says what was ordered."""
        return {}


class VerdictForm(ActionForm):
    """Whether a change that came of this ticket helped."""

    change = CodeChoiceField(Change.objects.none(), key="number", label=_("Change"), empty_label=None)
    helped = forms.TypedChoiceField(
        label=_("Did it help?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    text = text_field(_("What is seen now"), required=False, rows=2)

    def limit_choices(self) -> None:
        """Those that have ended, said about or not: who erred says it anew."""
        found = Change.objects.filter(raised_from=self.ticket.pk, state__in=ENDED)
        ordered = found.order_by(F("helped").asc(nulls_first=True), "-resolved_at")
        self.fields["change"].queryset = ordered  # type: ignore[attr-defined]

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is answered beforehand."""
        return {}

    def clean(self) -> dict[str, Any]:
        """What did not help is explained."""
        cleaned = super().clean() or {}
        if cleaned.get("helped") is False and not cleaned.get("text"):
            self.add_error("text", gettext("Say what is still wrong."))
        return cleaned


class HearVerdictForm(ActionForm):
    """The verdict as the change keeps it."""

    helped = forms.BooleanField(label=_("Did it help?"), required=False)
    text = text_field(_("What is seen now"), required=False)
