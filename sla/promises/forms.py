"""Editing a policy: what pauses and warns, and a row for each promise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from cmdb.models import BusinessSystem
from sla.calendars.clock import MOST_YEARS
from sla.calendars.publishing import business_time, is_reached
from sla.models import AgreementKind, Calendar, FaultLevel, Metric, Moment, PolicyVersion
from sla.promises.models import OF_KINDS
from sla.promises.policies import RESOLVE, RESPONSE, Draft, Promise, columns_of, draft_of, is_in_order
from tickets.lifecycle import kind_of, kinds
from tickets.models import Nature, Priority, WaitReason

CONDITIONS = ("priority", "fault", "nature", "business_system", "organisation")


class PromiseForm(forms.Form):
    """One promise; a row without a metric is none."""

    metric = forms.ChoiceField(label=_("What"), choices=[("", "–"), *Metric.choices], required=False)
    graded = forms.ChoiceField(label=_("Kind and level"), required=False)
    priority = forms.ModelChoiceField(Priority.objects.active(), label=_("Priority"), required=False)
    fault = forms.ModelChoiceField(FaultLevel.objects.active(), label=_("Fault level"), required=False)
    nature = forms.ModelChoiceField(Nature.objects.active(), label=_("Nature"), required=False)
    business_system = forms.ModelChoiceField(BusinessSystem.objects.all(), label=_("Service"), required=False)
    organisation = forms.ModelChoiceField(
        Organisation.objects.filter(kind=Organisation.Kind.CUSTOMER), label=_("Customer"), required=False
    )
    minutes = forms.IntegerField(label=_("Within (minutes)"), min_value=1, max_value=10_000_000, required=False)
    calendar = forms.ModelChoiceField(Calendar.objects.active(), label=_("Calendar"), required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["graded"].choices = graded_choices()  # type: ignore[attr-defined]
        for field in self.fields.values():
            css = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = f"{css} {css}-sm"
        for name in CONDITIONS:
            self.fields[name].empty_label = _("all")  # type: ignore[attr-defined]

    def add_error(self, field: str | None, error: Any) -> None:
        """Mark the field, too: the page goes to the first one that is marked."""
        super().add_error(field, error)
        for name in set(self.errors) & set(self.fields):
            attrs = self.fields[name].widget.attrs
            attrs["class"] = f"{attrs['class'].removesuffix(' is-invalid')} is-invalid"

    def clean(self) -> dict[str, Any]:
        """A promise needs a calendar; minutes only where the priority has none."""
        cleaned = super().clean() or {}
        metric = cleaned.get("metric")
        if metric and not cleaned.get("calendar"):
            self.add_error("calendar", _("Choose the calendar that it counts by."))
        needs = metric in (Metric.DISPATCH, Metric.ON_SITE, Metric.UPDATE, *OF_KINDS) or cleaned.get("graded")
        if metric and needs and not cleaned.get("minutes"):
            self.add_error("minutes", _("Priorities say nothing about this: give the minutes."))
        if metric:
            self._check_kind(metric, cleaned)
        if metric and cleaned.get("minutes") and cleaned.get("calendar"):
            self._check_reached(cleaned["calendar"], timedelta(minutes=cleaned["minutes"]))
        return cleaned

    def _check_kind(self, metric: str, cleaned: dict[str, Any]) -> None:
        """Refuse what no ticket could ever have: a limit that its kind does not know, a priority where it has none."""
        code = cleaned.get("graded", "").partition(":")[0]
        if metric not in kind_of(code).timed.limits if code else metric in OF_KINDS:
            self.add_error("metric", _("There is no such limit for this kind."))
        for name in ("priority", "fault") if code else ():
            if cleaned.get(name):
                self.add_error(name, _("This kind has no priority: choose the level."))

    def _check_reached(self, calendar: Calendar, amount: timedelta) -> None:
        """Refuse what would never be due: nobody could work with such tickets."""
        if calendar.current and not is_reached(business_time(calendar.current), amount, self.now):
            text = _("By this calendar it would not be due within %(years)d years.")
            self.add_error("minutes", text % {"years": MOST_YEARS})

    def promise(self) -> Promise | None:
        """The row as a promise; None for an empty one."""
        cleaned = self.cleaned_data
        if not cleaned.get("metric"):
            return None
        given = [(f"{name}_id", cleaned[name].pk) for name in CONDITIONS if cleaned.get(name)]
        kind, _colon, grade = cleaned["graded"].partition(":")
        given += [(name, code) for name, code in (("grade", grade), ("kind", kind)) if code]
        return Promise(cleaned["metric"], cleaned["calendar"].pk, cleaned.get("minutes"), tuple(given))


def graded_choices() -> list[tuple[str, str]]:
    """Kinds with limits and a level or type of their own: each whole, then by level; first all others."""
    found = [("", str(_("all")))]
    for kind in kinds():
        if kind.grade_column and kind.timed.limits:
            found.append((kind.code, str(kind.label)))
            found += [(f"{kind.code}:{code}", f"{kind.label} · {name}") for code, name in kind.grades()]
    return found


def _moment(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=Moment.choices)


#: The moments of response and of resolution: which fields make the pair.
SPANS = {"response": ("response_starts", "response_stops"), "resolve": ("resolve_starts", "resolve_stops")}


class PolicyForm(forms.Form):
    """What counts for all promises of the version, and from when on.

    Only what is promised to customers has moments to choose: groups and vendors count from what they got to what they
    gave.
    """

    valid_from = forms.DateTimeField(
        label=_("Counts for clocks that start from"),
        required=False,
        help_text=_("Empty: from now on. Clocks that run keep their version."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    pausing = forms.ModelMultipleChoiceField(
        WaitReason.objects.active(),
        label=_("Waiting that pauses the clocks"),
        required=False,
        help_text=_("For every other reason the clocks go on. Staff see this when they choose the reason."),
        widget=forms.CheckboxSelectMultiple,
    )
    warnings = forms.CharField(label=_("Warn at (percent)"), initial="50, 80", required=False)
    on_change = forms.ChoiceField(label=_("A changed priority counts"), choices=PolicyVersion.OnChange.choices)
    response_starts = _moment(_("Response counts from"))
    response_stops = _moment(_("Response counts until"))
    resolve_starts = _moment(_("Resolution counts from"))
    resolve_stops = _moment(_("Resolution counts until"))
    restarts = forms.BooleanField(
        label=_("The response counts anew after a return to the desk"),
        required=False,
        help_text=_("A ticket that was handed back and is dispatched again has another round of the response time."),
    )
    note = forms.CharField(label=_("Reason"), max_length=300, required=False)
    #: The number of the version that is being edited; a page of an older portal names none.
    edits = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != AgreementKind.SLA:
            for name in [name for pair in SPANS.values() for name in pair]:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """A limit ends after it begins; only the response after a dispatch can count anew."""
        cleaned = super().clean() or {}
        for starts, stops in SPANS.values():
            given = (cleaned.get(starts), cleaned.get(stops))
            if all(given) and not is_in_order(given):  # type: ignore[arg-type]  # both are there
                self.add_error(stops, _("It comes before the beginning, or with it: choose a later moment."))
        if cleaned.get("restarts") and self.moments("response", cleaned) != RESPONSE:
            self.add_error("restarts", _("Only a response from the dispatch to the start of work can count anew."))
        return cleaned

    def moments(self, metric: str, cleaned: dict[str, Any]) -> tuple[str, str]:
        """The chosen moments of response or resolution."""
        otherwise = RESPONSE if metric == "response" else RESOLVE
        starts, stops = (cleaned.get(name) or own for name, own in zip(SPANS[metric], otherwise, strict=True))
        return starts, stops

    def clean_warnings(self) -> tuple[int, ...]:
        """Percentages between 1 and 99."""
        try:
            found = tuple(
                int(text) for text in self.cleaned_data["warnings"].replace("，", ",").split(",") if text.strip()
            )
        except ValueError:
            raise forms.ValidationError(_("Write numbers with commas: 50, 80.")) from None
        if not all(1 <= percent <= 99 for percent in found):
            raise forms.ValidationError(_("Warnings lie between 1 and 99 percent."))
        return found

    def valid_from_or(self, now: datetime) -> datetime:
        """When it begins to count."""
        return self.cleaned_data.get("valid_from") or now


PromiseFormSet: type[BaseFormSet[PromiseForm]] = formset_factory(PromiseForm, extra=2, max_num=200)


def initial_of(draft: Draft) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the forms show of ``draft``."""
    general = {
        "pausing": list(draft.pausing),
        "warnings": ", ".join(str(percent) for percent in draft.warnings),
        "on_change": draft.on_change,
        "restarts": draft.restarts,
        **columns_of(draft),
    }
    rows = [
        {"metric": row.metric, "calendar": row.calendar, "minutes": row.minutes}
        | {name.removesuffix("_id"): value for name, value in row.conditions}
        | {
            "graded": ":".join(
                dict(row.conditions)[name] for name in ("kind", "grade") if name in dict(row.conditions)
            )
        }
        for row in draft.promises
    ]
    return general, rows


def settings_of(version: PolicyVersion, kind: str) -> list[tuple[Any, str]]:
    """What a version says for all of its promises, in words: (label, text), in the order of the form."""
    general, _rows = initial_of(draft_of(version))
    form = PolicyForm(kind=kind)
    return [(field.label, _in_words(field, general[name])) for name, field in form.fields.items() if name in general]


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ModelMultipleChoiceField):
        chosen = field.queryset.filter(pk__in=value)  # type: ignore[union-attr]  # there is one
        return ", ".join(str(row) for row in chosen) or "–"
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices)[value])  # type: ignore[arg-type]  # pairs, without groups
    return str((_("Yes") if value else _("No")) if isinstance(value, bool) else value or "–")


def draft_from(form: PolicyForm, rows: BaseFormSet[PromiseForm]) -> Draft:
    """What was typed, as a draft. Only after both are valid."""
    promises = tuple(promise for row in rows if (promise := row.promise()) is not None)
    cleaned = form.cleaned_data
    pausing = tuple(reason.pk for reason in cleaned["pausing"])
    spans = {metric: form.moments(metric, cleaned) for metric in SPANS}
    return Draft(promises, pausing, cleaned["warnings"], cleaned["on_change"], cleaned["restarts"], **spans)
