"""Input of a freeze window, for page and API alike: previewed first, then confirmed."""

from __future__ import annotations

import hashlib
import json
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from changes.freezing.versions import COLUMNS, as_content
from changes.models import FreezeRule
from tickets.shared.forms import moment_field, text_field

CLOCK = {"type": "time"}
#: Fields that belong to one kind: the page shows those of the kind that is chosen, and asks for them.
OF_KIND = {
    FreezeRule.Kind.HOLIDAY: ("min_days", "days_before", "begins_at", "closes_at"),
    FreezeRule.Kind.SPAN: ("starts_at", "ends_at"),
}


class FreezeForm(forms.ModelForm):
    """A freeze window. ``version``: the one that was read; ``previewed``: the digest of what was previewed."""

    starts_at = moment_field(gettext_lazy("From (a span)"))
    ends_at = moment_field(gettext_lazy("Until (a span)"))
    reason = text_field(gettext_lazy("Reason"), rows=2)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    previewed = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    class Meta:
        model = FreezeRule
        fields = ("code", *COLUMNS[FreezeRule])
        widgets = {"begins_at": forms.TimeInput(CLOCK, "%H:%M"), "closes_at": forms.TimeInput(CLOCK, "%H:%M")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.newest = self.instance.versions.first() if self.instance.pk else None
        self.initial["version"] = self.newest.number if self.newest else 0
        if self.instance.pk:
            del self.fields["code"]

    @property
    def parts(self) -> list[tuple[str, list[Any]]]:
        """The form as the page shows it: fields with the kind that they belong to, if any, in order."""
        of = {name: str(kind.value) for kind, names in OF_KIND.items() for name in names}
        grouped = groupby(self.visible_fields(), key=lambda field: of.get(field.name, ""))
        return [(kind, list(fields)) for kind, fields in grouped]

    def _clean_fields(self) -> None:
        """What belongs to another kind is not asked for; what it said stays."""
        others = [name for kind, names in OF_KIND.items() if kind != self.data.get("kind") for name in names]
        was = {name: getattr(self.instance, name) for name in others}
        for name in others:
            self.fields[name].required = False
        super()._clean_fields()  # type: ignore[misc]  # of Django's forms
        for name in others:
            self.fields[name].required = True
            if self.cleaned_data.get(name) is None:
                self.cleaned_data[name] = was[name]

    def say_conflict_above(self) -> None:
        """What somebody saved meanwhile concerns the whole: it belongs to no field that is seen."""
        for text in self.errors.pop("version", ()):
            self.add_error(None, text)

    def clean_version(self) -> int | None:
        """Refuse what rests on a version that is no longer the newest; programs may leave it out."""
        read, newest = self.cleaned_data["version"], self.newest.number if self.newest else 0
        if read is not None and read != newest:
            who = self.newest.made_by.display_name if self.newest and self.newest.made_by else "—"
            raise forms.ValidationError(
                _("%(who)s has saved it meanwhile, as version %(number)s. Read it, then type again.")
                % {"who": who, "number": newest}
            )
        return read

    def clean_code(self) -> str:
        """In use once."""
        code: str = self.cleaned_data["code"]
        if FreezeRule.objects.filter(code=code).exists():
            raise forms.ValidationError(_("There is a freeze window of this code already."))
        return code

    @property
    def digest(self) -> str:
        """Of what the valid form says, so that only what was previewed is saved."""
        said = {**as_content(self.instance), "code": self.instance.code}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def is_previewed(self) -> bool:
        """Whether what it says is what was previewed."""
        return self.cleaned_data.get("previewed") == self.digest
