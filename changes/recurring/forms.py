"""Input of a recurring change, for page and API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.catalogue.forms import names_subject
from changes.catalogue.templates import offered
from changes.models import Change, ChangeTemplate
from changes.recurring.models import MOST_AHEAD, MOST_MINUTES, Recurrence
from changes.recurring.versions import PLAIN
from cmdb.models import ConfigurationItem
from duty.models import check_zone, portal_zone
from tickets.forms import CodeChoiceField, RemoteSelectMultiple

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
HOUR = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def as_typed(made: Recurrence) -> dict[str, Any]:
    """What the form shows, and an answer of the API leaves as it is, of a rule that is edited."""
    plain = {name: getattr(made, name) for name in PLAIN if name != "status"}
    return plain | {
        "template": made.template.code if made.template else "",
        "copied": made.copied.number if made.copied else "",
        "items": list(made.items.values_list("identifier", flat=True)),
    }


class RecurrenceForm(forms.Form):
    """What comes again, and when. Of a template a change is ordered; of a change a draft is made."""

    title = forms.CharField(label=_("Summary"), max_length=200)
    template = CodeChoiceField(ChangeTemplate.objects.none(), label=_("Standard change"), required=False)
    copied = CodeChoiceField(
        Change.objects.none(),
        key="number",
        label=_("Or a copy of"),
        required=False,
        widget=forms.TextInput,
        error_messages={"invalid_choice": _("You see no change of the number “%(value)s”.")},
        help_text=_("Number of a change: its plan is copied into a draft, its approvals are not."),
    )
    items = forms.ModelMultipleChoiceField(
        ConfigurationItem.objects.none(),
        label=_("Configuration items"),
        to_field_name="identifier",
        required=False,
        widget=RemoteSelectMultiple("tickets:find_items"),
    )
    every = forms.IntegerField(label=_("Every"), min_value=1, max_value=366, initial=1)
    unit = forms.ChoiceField(label=_("Unit"), choices=Recurrence.Unit, initial=Recurrence.Unit.WEEK)
    first_day = forms.DateField(
        label=_("First on"), widget=DAY, help_text=_("Weekday and day of the month are those of this day.")
    )
    begins_at = forms.TimeField(label=_("From (time of day)"), widget=HOUR)
    minutes = forms.IntegerField(label=_("Lasts (minutes)"), min_value=1, max_value=MOST_MINUTES, required=False)
    zone = forms.CharField(
        label=_("Time zone"), max_length=50, initial=portal_zone, validators=[check_zone], required=False
    )
    last_day = forms.DateField(
        label=_("Last on"), widget=DAY, required=False, help_text=_("Empty: until it is ended.")
    )
    ahead = forms.IntegerField(
        label=_("Raised before (days)"),
        min_value=0,
        max_value=MOST_AHEAD,
        required=False,
        help_text=_("So long before its window the change is raised. Empty: 7."),
    )

    def __init__(self, *args: Any, user: User, made: Recurrence | None = None, **kwargs: Any) -> None:
        known = {"initial": as_typed(made)} if made is not None else {}
        super().__init__(*args, **{"label_suffix": "", **known, **kwargs})
        fields: dict[str, Any] = self.fields
        own = Q(pk=made.template_id) if made is not None else Q()
        fields["template"].queryset = ChangeTemplate.objects.filter(Q(pk__in=offered().values("pk")) | own)
        fields["copied"].queryset = Change.objects.visible_to(user)
        fields["items"].queryset = ConfigurationItem.objects.visible_to(user)

    def clean(self) -> dict[str, Any]:
        """Of one of both; what was left out is what is usual."""
        cleaned = super().clean() or {}
        template, copied = cleaned.get("template"), cleaned.get("copied")
        if bool(template) == bool(copied) and not self.errors.keys() & {"template", "copied"}:
            self.add_error("template", gettext("Choose a standard change, or name a change to copy."))
        if (
            template is not None
            and "items" not in self.errors
            and not names_subject(template, bool(cleaned.get("items")))
        ):
            self.add_error("items", gettext("Name the configuration items: this standard change needs them."))
        if copied is not None and copied.is_standard:
            self.add_error("copied", gettext("A standard change is ordered from its template: choose that."))
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", gettext("The last day lies before the first one."))
        if cleaned.get("minutes") is None and not self.errors.keys() & {"minutes", "template", "copied"}:
            cleaned["minutes"] = self._usual_minutes(template, copied)
        cleaned["zone"] = cleaned.get("zone") or portal_zone()
        cleaned["ahead"] = 7 if cleaned.get("ahead") is None else cleaned["ahead"]
        return cleaned

    def _usual_minutes(self, template: ChangeTemplate | None, copied: Change | None) -> int | None:
        """As long as the template says, or the window of what is copied; an error when there is neither."""
        if template is not None:
            return template.minutes
        if copied is None or copied.planned_start is None or copied.planned_end is None:
            self.add_error("minutes", gettext("Say how long it takes."))
            return None
        return int((copied.planned_end - copied.planned_start).total_seconds() // 60)

    def draft(self) -> Recurrence:
        """The rule as typed, not stored: its dates are shown first."""
        plain = {name: value for name, value in self.cleaned_data.items() if name != "items"}
        return Recurrence(**plain)
