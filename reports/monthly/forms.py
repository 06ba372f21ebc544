"""Input of the steps of a service report, for page and API alike."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reports.models import ServiceReport
from reports.monthly.reports import is_other_language
from tickets.shared.forms import LinesField

MOST_TEXT, MOST_REASON = 10_000, 2_000


class WholeText(LinesField):
    """Text that is refused when it is too long: a browser that knows the length cuts what is pasted, unseen."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Everything but the length."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


def _reason(label: Any, help_text: Any, *, required: bool = True) -> WholeText:
    rows = forms.Textarea({"rows": 2})
    return WholeText(label=label, help_text=help_text, max_length=MOST_REASON, widget=rows, required=required)


class StepForm(forms.Form):
    """What every step asks. ``seen``: the newest line of the log that the person read; ``step``: its name."""

    seen = forms.IntegerField(
        min_value=0,
        widget=forms.HiddenInput,
        help_text=_("The newest line of the log that you read: when it went on since, nothing is done."),
        error_messages={"required": _("Say which line of the log is the newest that you read.")},
    )

    def __init__(self, *args: Any, report: ServiceReport, step: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", "auto_id": f"id_{step}_%s", **kwargs})
        self.report, self.step = report, step

    @property
    def typed(self) -> str:
        """What a person typed."""
        return "".join(str(field.value() or "") for field in self.visible_fields())

    def say_above(self, text: Any = "") -> None:
        """Say ``text`` of the whole step, and what is wrong with fields that nobody sees."""
        for said in (text, *self.errors.pop("seen", ())):
            if said:
                self.add_error(None, said)


class WriteForm(StepForm):
    """The improvement actions."""

    improvements = WholeText(
        label=_("Improvement actions"), required=False, max_length=MOST_TEXT, widget=forms.Textarea({"rows": 4})
    )


class RecountForm(StepForm):
    """Why it is counted anew; a draft in another language than the customer's needs no other reason."""

    reason = _reason(_("Reason"), _("Count the month anew, as it is known now; the history says why."), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = not is_other_language(self.report)


class ReturnForm(StepForm):
    """Why it is not approved."""

    reason = _reason(_("What is to be mended"), _("Those who work on service reports are told."))


class CorrectForm(StepForm):
    """Why what was sent is corrected."""

    reason = _reason(
        _("Reason of the correction"),
        _("What was sent never changes. A correction counts the month anew, as the next version."),
    )
