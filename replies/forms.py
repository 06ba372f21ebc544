"""Input of canned replies and templates, for pages and API alike."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from cmdb.models import BusinessSystem
from replies.models import MAX_TEXT, CannedReply, Shared, TicketTemplate
from replies.variables import OF_TICKET, OF_WRITER, check_variables
from tickets.forms import CodeChoiceField
from tickets.lifecycle import kinds
from tickets.models import Category, ImpactLevel, Nature, Urgency
from tickets.shared.forms import text_field

NAMES = ("code", "name_zh", "name_en")


def scopes_of(user: User) -> list[tuple[str, Any]]:
    """For whom ``user`` may keep texts: themselves, groups that they lead, all (administrators)."""
    found: list[tuple[str, Any]] = [("own", _("Only for me"))]
    admin = user.may(Permission.ADMIN)
    groups = SupportGroup.objects.filter(active=True) if admin else user.led_groups.filter(active=True)
    found += [(group.code, group.name) for group in groups]
    return found + ([("all", _("For all"))] if admin else [])


class SharedForm(forms.ModelForm):
    """Code, names, and for whom it is."""

    keeps_missing = True
    scope = forms.ChoiceField(label=_("For whom"), choices=[("own", _("Only for me"))])
    variables: tuple[str, ...] = tuple(OF_WRITER)
    filled: tuple[str, ...] = ()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["scope"].choices = scopes_of(user)  # type: ignore[attr-defined]
        self.fields["code"].help_text = _("Short, in Latin letters: what you type after the slash.")
        self.initial["scope"] = self.instance.scope if self.instance.pk else "own"

    def clean(self) -> dict[str, Any]:
        """Known variables only; one code once for the same people."""
        cleaned = super().clean() or {}
        for name in self.filled:
            try:
                check_variables(cleaned.get(name) or "", self.variables)
            except forms.ValidationError as error:
                self.add_error(name, error)
        scope = cleaned.get("scope", "own")
        self.instance.owner = self.user if scope == "own" else None
        self.instance.team = None if scope in ("own", "all") else SupportGroup.objects.get(code=scope)
        if "code" in cleaned and self._is_taken(cleaned["code"]):
            self.add_error("code", _("There is another one with this code."))
        return cleaned

    def _is_taken(self, code: str) -> bool:
        same: Any = type(self.instance).objects.filter(owner=self.instance.owner, team=self.instance.team, code=code)
        return same.exclude(pk=self.instance.pk).exists()


class CannedReplyForm(SharedForm):
    """A text in one or both languages, and where it fits."""

    variables = (*OF_TICKET, *OF_WRITER)
    filled = ("text_zh", "text_en")
    text_zh = text_field(_("Chinese text"), required=False, rows=5)
    text_en = text_field(_("English text"), required=False, rows=5)
    fits = forms.MultipleChoiceField(
        label=_("Where it is offered"),
        choices=CannedReply.Place.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Nothing chosen: everywhere."),
    )
    field_order = (*NAMES, "text_zh", "text_en", "fits", "scope", "active")

    class Meta:
        model = CannedReply
        fields = (*NAMES, "text_zh", "text_en", "fits", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.filled:
            self.fields[name].max_length = MAX_TEXT  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Something is said."""
        cleaned = super().clean()
        if not cleaned.get("text_zh") and not cleaned.get("text_en") and not self.errors:
            self.add_error("text_zh", _("Write it in one language at least."))
        return cleaned


class TicketTemplateForm(SharedForm):
    """What a new ticket starts with."""

    filled = ("summary", "description")
    kind = forms.ChoiceField(label=_("Kind"), choices=[])
    description = text_field(_("Description"), required=False, rows=4)
    category = CodeChoiceField(Category.objects.active(), label=_("Category"), required=False)
    business_system = CodeChoiceField(BusinessSystem.objects.active(), label=_("Business system"), required=False)
    nature = CodeChoiceField(Nature.objects.active(), label=_("Nature"), required=False)
    impact = CodeChoiceField(ImpactLevel.objects.active(), label=_("Impact"), required=False)
    urgency = CodeChoiceField(Urgency.objects.active(), label=_("Urgency"), required=False)
    group = CodeChoiceField(SupportGroup.objects.filter(active=True), label=_("Group"), required=False)
    ROWS = ("category", "business_system", "nature", "impact", "urgency", "group")
    field_order = (*NAMES, "kind", "summary", "description", *ROWS, "scope", "active")

    class Meta:
        model = TicketTemplate
        fields = (
            *(*NAMES, "kind", "summary", "description"),
            *("category", "business_system", "nature", "impact", "urgency", "group", "active"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.code, kind.label) for kind in kinds() if kind.registers]  # type: ignore[attr-defined]
        for name in self.ROWS:
            row = getattr(self.instance, name)
            self.initial[name] = row.code if row else ""


FORMS: dict[type[Shared], type[SharedForm]] = {CannedReply: CannedReplyForm, TicketTemplate: TicketTemplateForm}
