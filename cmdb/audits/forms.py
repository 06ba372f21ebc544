"""What an audit asks: of which items, how many, and what somebody on the spot found."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from cmdb.audits.photos import ACCEPTED, check_photo
from cmdb.definitions import Definitions
from cmdb.inputs import Reader
from cmdb.models import AuditCheck, AuditExtra, ItemQuery
from cmdb.values import is_empty, written

LARGEST_SEED = 2**31


class AuditForm(forms.Form):
    """A new audit: of a class, of a place, or of what a saved query finds."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    ci_class = forms.ChoiceField(label=gettext_lazy("Class, with those below it"), required=False)
    room = forms.CharField(label=gettext_lazy("Room"), max_length=100, required=False)
    query = forms.ChoiceField(label=gettext_lazy("Saved query"), required=False)
    sample = forms.IntegerField(
        label=gettext_lazy("Sample"), min_value=1, required=False, help_text=gettext_lazy("Empty: all of them.")
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Seed"),
        min_value=0,
        max_value=LARGEST_SEED,
        required=False,
        help_text=gettext_lazy("The same seed draws the same sample. Empty: one is chosen and recorded."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        classes = [(n.ci_class.code, "　" * n.depth + n.ci_class.name) for n in Definitions().tree()]
        self.queries = {str(row.pk): row for row in ItemQuery.objects.visible_to(user)}
        self.fields["ci_class"].choices = [("", _("any class")), *classes]  # type: ignore[attr-defined]
        self.fields["query"].choices = [("", "—"), *((k, row.name) for k, row in self.queries.items())]  # type: ignore[attr-defined]

    def params(self) -> QueryDict:
        """Of which items, as the address of the list says it."""
        said = self.cleaned_data
        found = self.queries[said["query"]].parameters().copy() if said["query"] else QueryDict(mutable=True)
        for name, value in (("ci_class", said["ci_class"]), ("a.room", said["room"].strip())):
            if value:
                found[name] = value
        return found

    def seed_or_new(self) -> int:
        """The seed that was given, or a new one."""
        given = self.cleaned_data["seed"]
        return secrets.randbelow(LARGEST_SEED) if given is None else given


class PhotoForm(forms.Form):
    """A picture of what was found, from a phone's camera."""

    photo = forms.FileField(
        label=gettext_lazy("Photo"),
        required=False,
        widget=forms.FileInput({"accept": ACCEPTED, "capture": "environment"}),
        help_text=gettext_lazy("JPEG, PNG or WebP; where it was taken is removed from it."),
    )

    def clean_photo(self) -> Any:
        """A picture, as attachments are checked."""
        photo = self.cleaned_data["photo"]
        return check_photo(photo) if photo else None


class OnePhotoForm(PhotoForm):
    """A picture and nothing else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["photo"].required = True


class CheckForm(PhotoForm):
    """What was found of one item: each recorded value stands in a field, whoever sees another types it over."""

    result = forms.ChoiceField(
        label=pgettext_lazy("audit", "Result"),
        choices=AuditCheck.Result.choices,
        widget=forms.RadioSelect,
        initial="right",
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=400, required=False)

    def __init__(self, *args: Any, check: AuditCheck, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item = check.item
        if check.result:
            self.initial.update(result=check.result, note=check.note)
        known = Definitions().of(self.item.ci_class_id)
        self.recorded = {"name": self.item.name} | {
            code: written(self.item.attributes.get(code))
            for code, row in known.items()
            if not row.formula and (row.required or not is_empty(self.item.attributes.get(code)))
        }
        for name, value in self.recorded.items():
            label = known[name].name if name in known else _("Name")
            shown = check.seen.get(name, value)
            self.fields[f"v.{name}"] = forms.CharField(label=label, max_length=400, required=False, initial=shown)

    def values(self) -> list[Any]:
        """The fields of the recorded values."""
        return [self[name] for name in self.fields if name.startswith("v.")]

    def clean(self) -> dict[str, Any]:
        """What was typed over is read like everywhere; it makes the result ``differs``."""
        cleaned = super().clean() or {}
        typed = {name: cleaned.get(f"v.{name}") for name in self.recorded if f"v.{name}" in self.data}
        other = {name: value for name, value in typed.items() if (value or "") != self.recorded[name]}
        facts, errors = Reader().facts(other, class_code=self.item.ci_class_id, complete=False)
        for name, texts in errors.items():
            self.add_error(f"v.{name}", texts)
        result = cleaned.get("result")
        if result == AuditCheck.Result.RIGHT and other:
            cleaned["result"] = AuditCheck.Result.DIFFERS
        elif result == AuditCheck.Result.DIFFERS and not other and not cleaned.get("note"):
            self.add_error("note", _("Say what differs: type the value over, or write it here."))
        cleaned["seen"] = facts
        return cleaned


class ExtraForm(forms.ModelForm):
    """A thing that stands there and is not recorded."""

    class Meta:
        model = AuditExtra
        fields: ClassVar[list[str]] = ["what", "place"]


class FoundForm(PhotoForm, ExtraForm):
    """The same with a picture, on the spot."""
