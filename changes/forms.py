"""Input of changes, for pages and API alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, User
from approvals.decisions.falling import standing
from approvals.forms import KeepsApprovals
from changes.codes import MAJOR, STANDARD, ChangeDomain, ChangeType
from changes.states import Result, Scope
from cmdb.models import BusinessSystem, ConfigurationItem
from tickets.forms import (
    ActionForm,
    AttachmentsField,
    CodeChoiceField,
    PersonField,
    RemoteSelect,
    RemoteSelectMultiple,
)
from tickets.models import Ticket
from tickets.shared.forms import TicketField, moment_field, text_field

REFUSED = {
    Scope.BUILDING: _("Systems that are still being built are changed by those who build them, without a request."),
    Scope.OWN: _("What users change themselves, and nobody else is needed for, needs no request."),
}


class ContentFields(ActionForm):
    """What registering and editing ask alike."""

    change_type = CodeChoiceField(
        ChangeType.objects.active().exclude(code=STANDARD), label=_("Type of change"), empty_label=None
    )
    summary = forms.CharField(label=_("Summary"), max_length=200)
    domain = CodeChoiceField(ChangeDomain.objects.active(), label=_("Domain"), required=False)
    scope = forms.ChoiceField(label=_("Touches"), choices=Scope, initial=Scope.SERVICE, required=False)
    reason = text_field(_("Reason"), required=False)
    description = text_field(_("What is changed"), required=False)
    business_system = CodeChoiceField(BusinessSystem.objects.active(), label=_("Business system"), required=False)
    effect = text_field(_("Effect"), required=False, help_text=_("What users and customers notice, and when."))
    planned_start = moment_field(_("Planned start"), required=False)
    planned_end = moment_field(_("Planned end"), required=False)
    plan = text_field(_("Plan"), required=False, rows=4)
    back_out = text_field(_("Back-out"), required=False)
    back_out_tested = text_field(_("How the back-out was tested"), required=False, rows=2)
    resources = text_field(_("Resources"), required=False, rows=2)

    def clean_scope(self) -> str:
        """What is out of scope is refused with the reason (CHG-01)."""
        scope = self.cleaned_data["scope"] or Scope.SERVICE
        if scope in REFUSED:
            raise forms.ValidationError(REFUSED[scope])
        return scope

    def clean(self) -> dict[str, Any]:
        """The window has both ends, and they follow one another."""
        cleaned = super().clean() or {}
        check_window(self, cleaned, "planned_start", "planned_end")
        return cleaned


def check_window(form: forms.Form, cleaned: dict[str, Any], begin: str, end: str) -> None:
    """Add an error when a window has one end only, or ends before it begins."""
    start, stop = cleaned.get(begin), cleaned.get(end)
    if start and stop and stop <= start:
        form.add_error(end, gettext("It must end after it begins."))
    elif bool(start) != bool(stop) and not (form.errors.keys() & {begin, end}):
        form.add_error(end if start else begin, gettext("Say both from when and until when."))


PARTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("What and why"), ("change_type", "summary", "reason", "description", "domain", "scope", "raised_from")),
    (_("Where and when"), ("business_system", "items", "planned_start", "planned_end", "effect")),
    (_("How"), ("plan", "back_out", "back_out_tested", "resources")),
    (_("Who"), ("group", "assignee", "requester", "copy_of", "attachments")),
)


class RegisterForm(ContentFields):
    """A new request for change."""

    requester = PersonField(
        label=_("Requester"),
        required=False,
        widget=RemoteSelect("tickets:find_people"),
        help_text=_("Empty: yourself."),
    )
    items = forms.ModelMultipleChoiceField(
        ConfigurationItem.objects.none(),
        label=_("Configuration items"),
        to_field_name="identifier",
        required=False,
        widget=RemoteSelectMultiple("tickets:find_items"),
    )
    group = CodeChoiceField(SupportGroup.objects.filter(active=True), label=_("Implemented by"), required=False)
    assignee = PersonField(
        label=_("Implementer"), required=False, widget=RemoteSelect("tickets:find_members", **{"data-with": "group"})
    )
    raised_from = TicketField(label=_("Raised from"), required=False, help_text=_("An incident or a problem."))
    copy_of = TicketField(
        label=_("Copied from"), required=False, help_text=_("Its steps are copied too, its approvals are not.")
    )
    attachments = AttachmentsField()

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The form as the page shows it: titled parts with their fields."""
        return [{"title": title, "fields": [self[name] for name in names]} for title, names in PARTS]

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """The usual one."""
        return {"change_type": "simple", "scope": Scope.SERVICE}

    def limit_choices(self) -> None:
        """Items, people and tickets that the person sees."""
        if self.user is not None:
            limit_to_visible(self, self.user)

    def body_values(self) -> dict[str, Any]:
        """Items and the model are written by the effect."""
        return {k: v for k, v in super().body_values().items() if k not in ("items", "copy_of")}

    def clean(self) -> dict[str, Any]:
        """Who implements it works in the group; what is copied is a change."""
        cleaned = super().clean()
        check_member(self, cleaned)
        copied = cleaned.get("copy_of")
        if copied is not None and copied.kind != "change":
            self.add_error("copy_of", gettext("This is no change."))
        return cleaned


def limit_to_visible(form: forms.Form, user: User) -> None:
    """Narrow items, people and tickets to what ``user`` sees."""
    fields: dict[str, Any] = form.fields
    tickets = Ticket.objects.visible_to(user)
    choices = {
        "items": ConfigurationItem.objects.visible_to(user),
        "requester": User.objects.active().visible_to(user),
        "raised_from": tickets,
        "copy_of": tickets,
    }
    for name in choices.keys() & fields.keys():
        fields[name].queryset = choices[name]


def check_member(form: forms.Form, cleaned: dict[str, Any]) -> None:
    """Add an error when the implementer does not work in the group."""
    group, assignee = cleaned.get("group"), cleaned.get("assignee")
    if assignee and not group:
        form.add_error("group", gettext("Choose the group of this person."))
    elif assignee and group and not group.members.filter(pk=assignee.pk).exists():
        form.add_error("assignee", gettext("This person does not work in the group."))


class EditForm(ContentFields, KeepsApprovals):
    """What is of substance, edited; says which approvals would fall."""

    keeps_missing = True

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """As it stands; a standard change keeps its type."""
        return super().initial_from(ticket.specific)

    def limit_choices(self) -> None:
        """A standard change stays one."""
        if getattr(self.ticket, "change_type_id", "") == STANDARD:
            self.fields["change_type"].queryset = ChangeType.objects.filter(code=STANDARD)  # type: ignore[attr-defined]


class AskForm(ActionForm):
    """A word to those who decide."""

    text = text_field(_("To those who decide"), required=False, rows=2)


class BeginForm(ActionForm):
    """Nothing is asked in the approved window. Before it: whether it is meant, and why."""

    asked_late = frozenset({"begin_early", "text"})
    unlogged = frozenset({"begin_early"})

    begin_early = forms.BooleanField(label=_("Begin before the approved window"), required=False)
    text = text_field(_("Reason"), required=False, rows=2)

    def clean(self) -> dict[str, Any]:
        """What begins early is confirmed with a reason."""
        cleaned = super().clean() or {}
        change: Any = self.ticket.specific
        start: datetime | None = change.planned_start
        if self.now is None or start is None or self.now >= start:
            return cleaned
        if not cleaned.get("begin_early"):
            at = localtime(start).strftime("%Y-%m-%d %H:%M")
            self.add_error("begin_early", gettext("The approved window only begins on %(at)s.") % {"at": at})
        if not (cleaned.get("text") or "").strip():
            self.add_error("text", gettext("Say why."))
        return cleaned


class DecisionForm(ActionForm):
    """What the decision rests on."""

    text = text_field(_("What it rests on"), required=False, rows=2)


class ImplementersForm(KeepsApprovals):
    """Which group, and who in it; of a major change that is of substance."""

    group = CodeChoiceField(SupportGroup.objects.filter(active=True), label=_("Implemented by"))
    assignee = PersonField(
        label=_("Implementer"), required=False, widget=RemoteSelect("tickets:find_members", **{"data-with": "group"})
    )

    def clean(self) -> dict[str, Any]:
        """They belong together; whoever carries a major change out was approved with it."""
        cleaned = super().clean() or {}
        check_member(self, cleaned)
        change: Any = self.ticket.specific
        moved = any(name in cleaned and cleaned[name] != getattr(change, name) for name in ("group", "assignee"))
        if change.change_type_id == MAJOR and moved and not cleaned.get("let_approvals_fall") and standing(change):
            self.add_error(
                "let_approvals_fall", gettext("What was approved would change, and the approval would fall.")
            )
        return cleaned


class EndFields(ActionForm):
    """When it really ended: never in the future."""

    actual_end = moment_field(_("Actual end"), required=False, help_text=_("Empty: now."))

    def clean(self) -> dict[str, Any]:
        """It has ended, and after it began."""
        cleaned = super().clean() or {}
        begin = cleaned.get("actual_start") or getattr(self.ticket.specific, "actual_start", None)
        end = cleaned.get("actual_end")
        if end and self.now and end > self.now:
            self.add_error("actual_end", gettext("It cannot end in the future."))
        elif end and begin and end < begin:
            self.add_error("actual_end", gettext("It must end after it begins."))
        return cleaned


class ImplementedForm(EndFields):
    """How and when it went."""

    result = forms.ChoiceField(
        label=pgettext_lazy("change", "Result"),
        choices=[choice for choice in Result.choices if choice[0] != Result.BACKED_OUT],
        widget=forms.RadioSelect,
    )
    actual_start = moment_field(_("Actual start"), required=False, help_text=_("Empty: as recorded."))
    text = text_field(_("How it went"), required=False)
    attachments = AttachmentsField()

    field_order = ("result", "actual_start", "actual_end", "text")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The usual case."""
        return {"result": Result.AS_PLANNED}

    def clean(self) -> dict[str, Any]:
        """What did not go as planned is told, also when a step says so; it did not begin in the future."""
        cleaned = super().clean()
        steps = self.ticket.specific.steps if self.ticket is not None else None  # type: ignore[attr-defined]
        wrong = steps.filter(status__in=("failed", "backed_out")).first() if steps is not None else None
        if cleaned.get("result") == Result.AS_PLANNED and wrong is not None:
            said = gettext("Step %(number)s failed or was backed out: it did not go as planned.")
            self.add_error("result", said % {"number": wrong.position})
        if cleaned.get("result") not in (None, Result.AS_PLANNED) and not cleaned.get("text"):
            self.add_error("text", gettext("Say what differed from the plan."))
        begin, end = cleaned.get("actual_start"), cleaned.get("actual_end") or self.now
        if begin and end and begin > end:
            self.add_error("actual_start", gettext("It must end after it begins."))
        return cleaned


class BackOutForm(EndFields):
    """Why it was undone."""

    text = text_field(_("Why it is backed out, and how it went"))

    field_order = ("text", "actual_end")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is known yet."""
        return {}


class CompleteForm(ActionForm):
    """What the record of an emergency lacks."""

    effect = text_field(_("Effect"))
    plan = text_field(_("What was done"), rows=4)
    back_out = text_field(_("Back-out"))
