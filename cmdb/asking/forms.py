"""Building and keeping a question: what items hang together with, a name for it, two moments to compare."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import User
from cmdb.asking.narrowing import BACKWARD, CARRIES, CONDITIONS, FORWARD, RESTS_ON, narrow, understood
from cmdb.definitions import Definitions
from cmdb.models import Baseline, BusinessSystemClass, CIStatus, ItemQuery
from cmdb.services import items_at
from cmdb.versioning.moments import NOW
from itsm.web.filtering import filled
from itsm.web.widgets import PlainChoiceField

#: What of an address is no part of a question.
PASSING = ("cursor", "as_of", "known_at", "query", "format")
#: What of an address says how a list looks, not what is in it.
LOOKS = ("col", "sort")


def kept(params: QueryDict) -> str:
    """What of an address a saved query keeps: all but moment and page, and nothing empty."""
    found = filled(params, keep=["retired"])
    for name in PASSING:
        found.pop(name, None)
    return found.urlencode()


class RelatedForm(forms.Form):
    """One condition about what an item hangs together with. Names of its fields are those of the address."""

    def __init__(self, params: QueryDict, prefix: str, definitions: Definitions) -> None:
        super().__init__(params)
        types = [row for row in definitions.relation_types.values() if row.active]
        hows = [
            ("", "—"),
            (CARRIES, _("carries, over any number of steps")),
            (RESTS_ON, _("rests on, over any number of steps")),
            *((f"{row.code}:{FORWARD}", row.name) for row in types),
            *((f"{row.code}:{BACKWARD}", row.inverse) for row in types),
        ]
        any_class = [("", _("any class"))]
        classes = [(node.ci_class.code, "　" * node.depth + node.ci_class.name) for node in definitions.tree()]
        attributes = sorted((row.name, code) for code, row in definitions.everywhere().items())
        systems = [(row.code, row.name) for row in BusinessSystemClass.objects.active()]
        statuses = [(row.pk, row.name) for row in CIStatus.objects.active()]
        offered: list[tuple[str, str, list[tuple[str, str]]]] = [
            ("how", pgettext("relation", "How"), hows),
            ("ci_class", _("Class of the other"), any_class + classes),
            ("status", _("Status of the other"), [("", _("any status")), *statuses]),
            ("system_class", _("Class of its system"), [("", _("any system")), *systems]),
            ("attribute", _("Its attribute"), [("", "—"), *((code, name) for name, code in attributes)]),
        ]
        for name, label, choices in offered:
            self.fields[f"{prefix}{name}"] = PlainChoiceField(label=label, choices=choices, required=False)
        self.fields[f"{prefix}value"] = forms.CharField(label=_("has the value"), required=False, max_length=200)
        turned = [("", _("there is one")), ("true", _("there is none"))]
        self.fields[f"{prefix}none"] = PlainChoiceField(label=_("And"), choices=turned, required=False)
        self.asked = bool(params.get(f"{prefix}how"))


def related_forms(params: QueryDict, definitions: Definitions) -> list[RelatedForm]:
    """The conditions of an address, and one more to fill in."""
    rows = [RelatedForm(params, prefix, definitions) for prefix in CONDITIONS]
    asked = [row for row in rows if row.asked]
    spare = [row for row in rows if not row.asked][:1]
    return [*asked, *spare]


class SaveForm(forms.ModelForm):
    """A name for what the list shows."""

    class Meta:
        model = ItemQuery
        fields: ClassVar[list[str]] = ["name", "shared", "params"]
        widgets: ClassVar[dict[str, Any]] = {"params": forms.HiddenInput}

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.owner = owner

    def clean_name(self) -> str:
        """A name that the person has not given yet."""
        name: str = self.cleaned_data["name"].strip()
        if ItemQuery.objects.filter(owner=self.instance.owner, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("You have a query of this name."))
        return name

    def clean_params(self) -> str:
        """Without moment and page; whatever nobody understands would later find all items instead of none."""
        given = QueryDict(self.cleaned_data["params"].lstrip("?"))
        text = kept(given)
        if given and not text:
            said = _("Nothing of this is kept, and it would find all items: %(names)s.")
            raise ValidationError(said % {"names": ", ".join(sorted(given))[:100]})
        if not text:
            raise ValidationError(_("This asks for nothing: all items stand in the list already."))
        params, owner = QueryDict(text), self.instance.owner
        if strange := sorted(params.keys() - understood(params, owner) - {*LOOKS}):
            raise ValidationError(_("“%(value)s” is not known.") % {"value": strange[0][:60]})
        try:
            narrow(items_at(NOW, owner), params, owner, NOW)
        except ValidationError as error:
            raise ValidationError([f"{name}: {texts[0]}" for name, texts in error.message_dict.items()]) from error
        return text


class BaselineForm(forms.ModelForm):
    """A moment under a name; empty: now."""

    at = forms.DateTimeField(
        label=gettext_lazy("Moment"),
        required=False,
        help_text=gettext_lazy("Empty: now."),
        widget=forms.DateTimeInput({"type": "datetime-local"}),
    )

    def clean_at(self) -> datetime | None:
        """What will be is not known yet."""
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and at > timezone.now():
            raise ValidationError(_("This lies in the future."))
        return at

    class Meta:
        model = Baseline
        fields: ClassVar[list[str]] = ["name", "at", "note"]
