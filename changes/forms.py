"""Input of changes, for pages and API alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, User
from approvals.decisions.falling import standing
from approvals.forms import KeepsApprovals
from changes import guards
from changes.codes import EMERGENCY, MAJOR, STANDARD, ChangeDomain, ChangeType
from changes.collision.signing import SHOWN, blocking_once_begun, sentence_of
from changes.models import TYPED, Change
from changes.origins.copying import needs_window, said_by
from changes.states import ChangePriority, Scope, States
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
    precedence = forms.ChoiceField(
        label=_("Priority"), choices=ChangePriority, initial=ChangePriority.MEDIUM, required=False
    )
    scope = forms.ChoiceField(label=_("Touches"), choices=Scope, initial=Scope.SERVICE, required=False)
    reason = text_field(_("Reason"), required=False)
    third_party = forms.CharField(
        label=_("Third party that asks for it"),
        max_length=200,
        required=False,
        help_text=_("An operator, a regulator, a supplier; with the number of their letter."),
    )
    description = text_field(_("What is changed"), required=False)
    business_system = CodeChoiceField(BusinessSystem.objects.active(), label=_("Business system"), required=False)
    effect = text_field(_("Effect"), required=False, help_text=_("What users and customers notice, and when."))
    planned_start = moment_field(_("Planned start"), required=False)
    planned_end = moment_field(_("Planned end"), required=False)
    plan = text_field(_("Plan"), required=False, rows=4)
    back_out = text_field(_("Back-out"), required=False)
    back_out_tested = text_field(_("How the back-out was tested"), required=False, rows=2)
    resources = text_field(_("Resources"), required=False, rows=2)

    def clean_precedence(self) -> str:
        """Medium unless somebody says otherwise."""
        return self.cleaned_data["precedence"] or ChangePriority.MEDIUM

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
    """Cut it to whole minutes, as pages show it; add an error when it has one end only, or ends before it begins."""
    for name in {begin, end} & cleaned.keys():
        cleaned[name] = cleaned[name] and cleaned[name].replace(second=0, microsecond=0)
    start, stop = cleaned.get(begin), cleaned.get(end)
    if start and stop and stop <= start:
        form.add_error(end, gettext("It must end after it begins."))
    elif bool(start) != bool(stop) and not (form.errors.keys() & {begin, end}):
        form.add_error(end if start else begin, gettext("Say both from when and until when."))


PARTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        _("What and why"),
        (
            "change_type",
            "precedence",
            "summary",
            "reason",
            "description",
            "domain",
            "scope",
            "raised_from",
            "third_party",
        ),
    ),
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
        label=_("Copied from"),
        required=False,
        help_text=_("Its steps and prepared edits are copied too, its approvals are not."),
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
        """Items, people and tickets that the person sees; what a copy leaves out is as in what is copied."""
        if self.user is None:
            return
        limit_to_visible(self, self.user)
        if self.is_bound and self.data.get("copy_of"):
            self._repeat(str(self.data["copy_of"]), self.user)

    def _repeat(self, number: str, user: User) -> None:
        """Take over what was not sent. Pages send all that they ask, also what is empty, and were filled in before."""
        source = Change.objects.visible_to(user).filter(number=number[:20]).first()
        if source is not None and not set(TYPED) <= self.data.keys():
            many: Any = getattr(self.data, "getlist", self.data.get)
            sent = {name: many(name) if name == "items" else self.data[name] for name in self.data}
            self.data = {**said_by(source, user), **sent}
            if source.is_standard:
                asked = gettext(
                    "A copy of a standard change is of another type, for it may say something else: which?"
                )
                self.fields["change_type"].error_messages["required"] = asked

    def body_values(self) -> dict[str, Any]:
        """Items and the model are written by the effect."""
        return {k: v for k, v in super().body_values().items() if k not in ("items", "copy_of")}

    def clean(self) -> dict[str, Any]:
        """Who implements it works in the group; what is copied is a change, whose times need a window."""
        cleaned = super().clean()
        check_member(self, cleaned)
        copied = cleaned.get("copy_of")
        if copied is not None and copied.kind != "change":
            self.add_error("copy_of", gettext("This is no change."))
        elif copied is not None and not cleaned.get("planned_start") and needs_window(copied.specific):
            self.add_error("planned_start", gettext("Say when: the steps that are copied have times in its window."))
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
    """What is of substance, edited; says which approvals would fall.

    Of a standard change only what its template does not say is asked; the type is chosen in the draft (CHG-02).
    """

    keeps_missing = True
    #: What nobody approved beforehand.
    open_in_standard = frozenset({"summary", "planned_start", "planned_end", "let_approvals_fall"})

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """As it stands; a standard change keeps its type."""
        return super().initial_from(ticket.specific)

    def limit_choices(self) -> None:
        """A standard change keeps what its template says; any other keeps its type once it is submitted."""
        change: Any = self.ticket.specific if self.ticket.pk is not None else None
        if change is None or (change.state == States.DRAFT and not change.is_standard):
            return
        field: Any = self.fields["change_type"]
        field.queryset = ChangeType.objects.filter(code=change.change_type_id)
        field.error_messages["invalid_choice"] = gettext(
            "The type is chosen in the draft, for each goes a way of its own: let a change manager send it back,"
            " or cancel it and copy it."
        )
        if change.is_standard:
            self.fields = {name: field for name, field in self.fields.items() if name in self.open_in_standard}
            for name in ("planned_start", "planned_end"):  # nobody looks again before its work begins
                self.fields[name].required = True

    def refuse_unknown(self, names: Iterable[str]) -> None:
        """What a standard change keeps is known; another value of it is refused with the reason."""
        super().refuse_unknown(set(names) - set(self.base_fields))

    def clean(self) -> dict[str, Any]:
        """What is not asked of a standard change keeps its value."""
        cleaned = super().clean()
        kept = self.base_fields.keys() - self.fields.keys() - {"let_approvals_fall"}
        if any(_plain(self.data[name]) != _plain(self.initial.get(name)) for name in kept & self.data.keys()):
            self.add_error(None, guards.keeps_its_template(self.ticket.specific, self.user))
        return cleaned


def _plain(value: Any) -> str:
    """The same for values that say the same."""
    return " ".join(str(value or "").split())


class AskForm(ActionForm):
    """A word to those who decide."""

    text = text_field(_("To those who decide"), required=False, rows=2)


class BeginForm(ActionForm):
    """Nothing is asked, but of an emergency that collides hard, beyond what was signed for: why it begins (CHG-05)."""

    asked_late = frozenset({"text"})

    text = text_field(_("Reason"), required=False, rows=2)

    def clean(self) -> dict[str, Any]:
        """Whoever begins such an emergency signs for what collides."""
        cleaned = super().clean() or {}
        change: Any = self.ticket.specific
        if self.user is None or self.now is None or change.change_type_id != EMERGENCY or cleaned.get("text"):
            return cleaned
        if found := blocking_once_begun(change, self.user, self.now):
            said = gettext("It collides hard and nobody signed for that: %(reasons)s. Say why it begins: you sign.")
            self.add_error("text", said % {"reasons": "; ".join(sentence_of(one) for one in found[:SHOWN])})
        return cleaned


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


class CompleteForm(ActionForm):
    """What the record of an emergency lacks."""

    effect = text_field(_("Effect"))
    plan = text_field(_("What was done"), rows=4)
    back_out = text_field(_("Back-out"))
