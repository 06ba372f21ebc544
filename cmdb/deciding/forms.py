"""What somebody decides about a seen thing: which item it is, or why it is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from cmdb.authority import Stamp
from cmdb.deciding.lines import Choice
from cmdb.deciding.services import Unread
from cmdb.deciding.things import item_named
from cmdb.forms import GroundForm
from cmdb.life import RETIRED
from cmdb.models import ConfigurationItem, Difference

OTHER = "other"


class ReasonForm(forms.Form):
    """Why something is decided so; that which was read."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )

    def stamp(self, user: User) -> Stamp:
        """Who decides, and why."""
        return Stamp(by=user, reason=self.cleaned_data["reason"].strip())


class ThingForm(ReasonForm):
    """Which item a thing is: one of those that are offered, or another by its identifier."""

    choice = forms.CharField(label=gettext_lazy("Which item is it?"), required=False, max_length=20)
    other = forms.CharField(label=gettext_lazy("Another item, by its identifier"), max_length=100, required=False)
    read = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    retired = forms.BooleanField(
        label=gettext_lazy("Also one that is retired: nothing of it is written"), required=False
    )

    def __init__(self, *args: Any, choices: Sequence[Choice] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "An item in use takes over what is observed, and what is controlled waits for a decision; one that is not "
            "in use takes over all. None of ours holds while the source says the same, and needs a reason."
        )
        self.choices = {str(choice.item.pk): choice.item for choice in choices}

    def item(self, user: User) -> ConfigurationItem | None:
        """The one that was chosen; None with the reason in the form."""
        chosen = self.cleaned_data["choice"] or (OTHER if self.cleaned_data["other"].strip() else "")
        if chosen in self.choices:
            return self.choices[chosen]
        if chosen != OTHER:
            self.add_error("choice", _("Choose which item it is."))
            return None
        named = item_named(self.cleaned_data["other"], user)
        if named is None:
            given = self.cleaned_data["other"].strip()
            self.add_error("other", _("There is no such item.") if given else _("Name the item."))
        return named

    def agreed(self, item: ConfigurationItem) -> str:
        """The mark of what was on the page of what would be overwritten of ``item``."""
        offered = str(item.pk) in self.choices
        return str(self.data.get(f"read-{item.pk}", "")) if offered else str(self.cleaned_data["read"])

    def tell_unread(self, error: Unread) -> None:
        """Say what would be overwritten; the page is drawn with it, so that whoever presses again has read it."""
        text = _("%(what)s Press again to do so.") % {"what": error}
        self.add_error("choice" if str(error.item.pk) in self.choices else "other", text)
        self.data = {**dict(self.data.items()), "read": error.preview.mark}

    def means_retired(self) -> bool:
        """Whether one that is no more is meant: its choice said so, or the box."""
        offered = self.choices.get(self.cleaned_data.get("choice", ""))
        return self.cleaned_data["retired"] or (offered is not None and offered.status_id == RETIRED)


def form_for(row: Difference, user: User, choices: Sequence[Choice], *given: Any) -> Any:
    """The form in which ``row`` is decided."""
    if row.what == Difference.What.VALUE:
        return GroundForm(*given, user=user)
    return ReasonForm(*given) if row.what == Difference.What.GONE else ThingForm(*given, choices=choices)
