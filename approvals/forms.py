"""Input of decisions and delegations, for pages and API; and the question that editing forms ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.codes import in_language
from accounts.models import Organisation, User
from approvals.content import line_of
from approvals.decisions.falling import would_fall
from approvals.models import Decision
from approvals.questions import questions_of
from tickets.forms import ActionForm, PersonField
from tickets.shared.forms import moment_field, text_field


class DecisionForm(forms.Form):
    """A decision and its reason. ``digest``: of the content that was read; ``seen``: keys of concerns beside it."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"), choices=Decision.Verdict.choices, widget=forms.RadioSelect
    )
    reason = text_field(gettext_lazy("Reason"), required=False, help_text=gettext_lazy("Needed unless you approve."))
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=20000, widget=forms.HiddenInput)

    def clean_seen(self) -> list[str]:
        """One by one."""
        return self.cleaned_data["seen"].split()

    def clean(self) -> dict[str, Any]:
        """Whoever does not simply approve says why."""
        cleaned = super().clean() or {}
        if cleaned.get("verdict") in ("refuse", "return") and not (cleaned.get("reason") or "").strip():
            self.add_error("reason", _("Say why."))
        return cleaned


class ManyForm(DecisionForm):
    """The same decision for many. ``ticked``: the rounds that were sent, or that the form begins with."""

    rounds = forms.TypedMultipleChoiceField(label=gettext_lazy("Approvals"), coerce=int, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sent = self.data.getlist("rounds") if hasattr(self.data, "getlist") else self.data.get("rounds", [])
        numbers = [one for one in sent if str(one).isdigit() and len(str(one)) < 10][:200]
        self.ticked = {int(one) for one in (numbers if self.is_bound else self.initial.get("rounds", ()))}
        self.fields["rounds"].choices = [(str(one), str(one)) for one in numbers]  # type: ignore[attr-defined]

    def clean_rounds(self) -> list[int]:
        """At least one."""
        found: list[int] = self.cleaned_data["rounds"]
        if not found:
            raise forms.ValidationError(_("Choose at least one."))
        return found


class DelegationForm(forms.Form):
    """Who stands in, from when until when."""

    deputy = PersonField(label=pgettext_lazy("approval", "Stands in"))
    starts_at = moment_field(gettext_lazy("From"))
    ends_at = moment_field(gettext_lazy("Until"))

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.user, self.now = user, now
        colleagues = User.objects.signing_in().filter(organisation_id=user.organisation_id).exclude(pk=user.pk)
        if user.organisation.kind == Organisation.Kind.PROVIDER:
            colleagues = colleagues.filter(roles__isnull=False).distinct()
        self.fields["deputy"].queryset = colleagues.order_by("username")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """It ends after it begins and is not over; nobody is named twice for the same time."""
        cleaned = super().clean() or {}
        begin, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if begin and end and end <= begin:
            self.add_error("ends_at", _("It must end after it begins."))
        elif end and end <= self.now:
            self.add_error("ends_at", _("This lies in the past."))
        elif begin and end and "deputy" in cleaned:
            self._check_once(cleaned["deputy"], begin, end)
        return cleaned

    def _check_once(self, deputy: User, begin: datetime, end: datetime) -> None:
        found = self.user.delegations.filter(
            deputy=deputy, starts_at__lt=end, ends_at__gt=max(begin, self.now)
        ).first()
        if found is not None:
            known = (localtime(moment).strftime("%Y-%m-%d %H:%M") for moment in (found.starts_at, found.ends_at))
            said = dict(zip(("from", "until"), known, strict=True), person=deputy.display_name)
            self.add_error("deputy", _("%(person)s stands in for you already, from %(from)s until %(until)s.") % said)


class KeepsApprovals(ActionForm):
    """Base of forms that edit substance: an edit that would let approvals fall is stored only when that is said."""

    asked_late = unlogged = frozenset({"let_approvals_fall"})

    let_approvals_fall = forms.BooleanField(
        label=gettext_lazy("Store it although approvals fall"),
        required=False,
        help_text=gettext_lazy("Asked for when what was approved, or is being decided, would change."),
    )

    def clean(self) -> dict[str, Any]:
        """Name what would fall; the confirmation lets it pass."""
        cleaned = super().clean() or {}
        if cleaned.get("let_approvals_fall") or self.ticket.pk is None:
            return cleaned
        for question in questions_of(self.ticket.kind):
            names = would_fall(question, self.ticket, cleaned)
            if names:
                self.add_error("let_approvals_fall", self._warning(question, names))
        return cleaned

    def _label(self, name: str) -> Any:
        return getattr(self.ticket.specific._meta.get_field(name), "verbose_name", name)

    def _warning(self, question: Any, names: list[str]) -> str:
        lines = [line_of(name, self._label(name), "") for name in names]
        fields = ", ".join(in_language(line["zh"], line["en"]) for line in lines)
        return _("The approval “%(question)s” would fall, because this changes: %(fields)s.") % {
            "question": question.label,
            "fields": fields,
        }
