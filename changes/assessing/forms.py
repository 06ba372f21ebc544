"""Input of an assessment: the questions of the newest version, the risk, and what it means."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.codes import in_language
from changes.assessing.questionnaire import PREFIX, current
from changes.assessing.scoring import score
from changes.states import Risk
from tickets.forms import ActionForm
from tickets.shared.forms import text_field


class AssessForm(ActionForm):
    """The questionnaire of the change manager. ``scored``: what it comes to, once it is checked."""

    assessment = text_field(
        gettext_lazy("Assessment"),
        help_text=gettext_lazy("Stability, continuity of services, resources; what similar changes taught."),
    )
    risk = forms.ChoiceField(
        label=gettext_lazy("Risk"),
        choices=[("", gettext_lazy("As the score says")), *Risk.choices],
        widget=forms.RadioSelect,
        required=False,
        help_text=gettext_lazy("Another one than the score says is explained in the assessment."),
    )

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """What was answered last."""
        last = ticket.specific.assessments.first() if ticket.pk else None
        return {f"{PREFIX}{one['code']}": str(one["points"]) for one in last.points} if last else {}

    def limit_choices(self) -> None:
        """One field for each question, before the others."""
        self.version = current()
        questions = self.version.content["questions"] if self.version else []
        for question in questions:
            self.fields[f"{PREFIX}{question['code']}"] = forms.ChoiceField(
                label=in_language(question["zh"], question["en"]),
                choices=[(str(one["points"]), in_language(one["zh"], one["en"])) for one in question["answers"]],
                widget=forms.RadioSelect,
                required=False,
            )
        self.order_fields([*(f"{PREFIX}{question['code']}" for question in questions), "assessment", "risk"])

    def answers(self) -> dict[str, int]:
        """Points by code of the question, of those that were answered."""
        given = {name.removeprefix(PREFIX): value for name, value in self.cleaned_data.items() if PREFIX in name}
        return {code: int(value) for code, value in given.items() if value}

    def clean(self) -> dict[str, Any]:
        """Compute the score; without a choice the risk is what it says."""
        cleaned = super().clean() or {}
        if self.version is None:
            if not cleaned.get("risk") and "risk" not in self.errors:
                self.add_error("risk", _("There is no questionnaire: choose the risk."))
            return cleaned
        if self.now is not None and not self.errors:
            change: Any = self.ticket.specific
            found = score(change, self.version.content, self.answers(), self.now)
            cleaned["risk"] = cleaned.get("risk") or found.band
        return cleaned

    def body_values(self) -> dict[str, Any]:
        """The answers go to the effect."""
        return {name: self.cleaned_data[name] for name in ("risk", "assessment")}
