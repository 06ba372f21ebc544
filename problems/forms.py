"""Input of problems, for pages and API alike."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, SupportGroup, User
from accounts.permissions import Permission
from approvals.forms import KeepsApprovals
from cmdb.models import BusinessSystem, ConfigurationItem
from problems.codes import ProblemCategory, ProblemLevel, ProblemSource
from problems.guards import HIGH
from tickets.forms import (
    ActionForm,
    AttachmentsField,
    CodeChoiceField,
    PersonField,
    RemoteSelect,
    RemoteSelectMultiple,
)
from tickets.models import Category, Ticket, TicketLink
from tickets.querysets import LIVE
from tickets.shared.forms import TicketField, moment_field, text_field

#: So long recurrence is watched unless somebody says otherwise.
WATCH_DAYS, LONGEST_WATCH = 30, 365


def watch_field() -> forms.IntegerField:
    """For how many days recurrence is watched; 0 for not at all."""
    return forms.IntegerField(
        label=_("Watch recurrence for (days)"), min_value=0, max_value=LONGEST_WATCH, initial=WATCH_DAYS
    )


class ProblemFields(ActionForm):
    """What a problem is about."""

    summary = forms.CharField(label=_("Summary"), max_length=200)
    description = text_field(_("Description"), required=False, rows=4)
    problem_source = CodeChoiceField(ProblemSource.objects.active(), label=_("Raised from"), empty_label=None)
    problem_category = CodeChoiceField(
        ProblemCategory.objects.active(), label=_("Category of the problem"), required=False
    )
    level = CodeChoiceField(ProblemLevel.objects.active(), label=_("Level"), required=False)
    business_system = CodeChoiceField(BusinessSystem.objects.active(), label=_("Business system"), required=False)
    category = CodeChoiceField(Category.objects.active(), label=_("Category"), required=False)


class EditForm(ProblemFields, KeepsApprovals):
    """Corrections. What is left out stays as it is; another level lets the approval of a solution fall."""

    keeps_missing = True


class RegisterForm(ProblemFields):
    """A new problem, from any number of incidents."""

    incidents = forms.ModelMultipleChoiceField(
        Ticket.objects.none(),
        label=_("Incidents"),
        to_field_name="number",
        required=False,
        widget=RemoteSelectMultiple("problems:find_incidents"),
        help_text=_("Number or words."),
    )
    items = forms.ModelMultipleChoiceField(
        ConfigurationItem.objects.none(),
        label=_("Configuration items"),
        to_field_name="identifier",
        required=False,
        widget=RemoteSelectMultiple("tickets:find_items"),
    )
    attachments = AttachmentsField()
    field_order = ("summary", "description", "incidents", "problem_source", "problem_category", "level")

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """Most are raised from incidents."""
        return {"problem_source": "incident", "level": "medium"}

    def limit_choices(self) -> None:
        """Only what the person sees."""
        if self.user is not None:
            found = Ticket.objects.visible_to(self.user).filter(kind="incident")
            self.fields["incidents"].queryset = found  # type: ignore[attr-defined]
            self.fields["items"].queryset = ConfigurationItem.objects.visible_to(self.user)  # type: ignore[attr-defined]

    def as_record(self) -> dict[str, Any]:
        """Incidents are logged by their numbers."""
        numbers = [ticket.number for ticket in self.cleaned_data.get("incidents") or []]
        return {**super().as_record(), **({"incidents": ", ".join(numbers)} if numbers else {})}


class AssignForm(ActionForm):
    """Classification, the owner, and who analyses with them."""

    level = CodeChoiceField(ProblemLevel.objects.active(), label=_("Level"), empty_label=None)
    problem_category = CodeChoiceField(ProblemCategory.objects.active(), label=_("Category of the problem"))
    group = CodeChoiceField(SupportGroup.objects.filter(active=True), label=_("Group"))
    assignee = PersonField(label=_("Owner"))
    team = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Analysis team"),
        to_field_name="username",
        required=False,
        widget=RemoteSelectMultiple("tickets:find_members"),
    )
    supplier = CodeChoiceField(
        Organisation.objects.filter(kind=Organisation.Kind.SUPPLIER, active=True),
        label=_("Vendor who takes part"),
        required=False,
    )

    def limit_choices(self) -> None:
        """Staff of the provider."""
        staff = User.objects.active().filter(organisation__kind=Organisation.Kind.PROVIDER)
        able = staff.holding(Permission.INTERNAL.value)
        for name in ("assignee", "team"):
            self.fields[name].queryset = able  # type: ignore[attr-defined]
        if self.ticket.pk:
            self.initial["team"] = list(self.ticket.team.values_list("username", flat=True))  # type: ignore[attr-defined]


class CauseForm(ActionForm):
    """The root cause."""

    root_cause = text_field(_("Root cause"), rows=4)
    attachments = AttachmentsField()


class WorkaroundForm(ActionForm):
    """What helps meanwhile."""

    workaround = text_field(_("Workaround, step by step"), rows=5)


class SolutionForm(ActionForm):
    """The solution, what it takes, what it does, how it was tested."""

    solution = text_field(_("Solution"), rows=4)
    estimate_hours = forms.IntegerField(label=_("Estimated hours"), min_value=1, max_value=100_000)
    expected_effect = text_field(_("Expected effect"), rows=2)
    test_result = text_field(_("How it was tested, and the result"), rows=2)
    customer_word = text_field(
        _("Discussed with the customer"),
        required=False,
        rows=2,
        help_text=_("Who was invited, what was said: where it concerns them."),
    )
    attachments = AttachmentsField()


class DiscussForm(KeepsApprovals):
    """Invitation, minutes and the customer's word (PRB-10); another word lets the approval of a solution fall."""

    discussed_at = moment_field(_("Discussed on"))
    discussed_with = text_field(_("Who was invited, and came"), rows=2)
    discussion = text_field(_("Minutes"), rows=4)
    customer_word = text_field(_("The customer's word"), rows=2)
    attachments = AttachmentsField()


def changes_of(problem: Ticket) -> Any:
    """Changes that were raised from ``problem``, are said to solve it, or are named as what carries it out."""
    keys = TicketLink.objects.filter(source_id=problem.pk, meaning=TicketLink.Meaning.RESOLVED_BY).values("target_id")
    named: Any = problem.specific
    return Ticket.objects.filter(Q(pk__in=keys) | Q(number=named.change_reference), kind="change")


class ImplementForm(ActionForm):
    """The change that carries it out."""

    change_reference = forms.CharField(
        label=_("Change"), max_length=100, required=False, help_text=_("Its number. Empty: no change is needed.")
    )

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """The newest change that was raised from it."""
        found = changes_of(ticket).order_by("-pk").values_list("number", flat=True).first()
        return {"change_reference": found or ""}


class ResolveForm(ActionForm):
    """How it was proven: when its changes are done and their review stands (PRB-06)."""

    proof = text_field(_("How it was proven"), rows=3)
    watch_days = watch_field()
    attachments = AttachmentsField()

    def clean(self) -> dict[str, Any]:
        """A change that is still to come or being carried out proves nothing, nor one that failed or was taken back.

        Where changes were carried out, the review of one of them says that it worked; what was given up says nothing.
        """
        cleaned = super().clean() or {}
        changes = list(changes_of(self.ticket).order_by("pk"))
        running = [one.number for one in changes if one.phase in LIVE]
        proven = {one.number: one.specific.is_proven for one in changes}
        tried = [number for number, is_proven in proven.items() if is_proven is not None]
        if running:
            message = gettext("Change %(number)s is not over yet: resolve it when that is done and proven.")
            self.add_error("proof", message % {"number": running[0]})
        elif tried and not any(proven.values()):
            message = gettext("Change %(number)s proves nothing: only one whose review says that it worked does.")
            self.add_error("proof", message % {"number": tried[-1]})
        return cleaned


class EndForm(ActionForm):
    """Why it ends without the cause being removed."""

    text = text_field(_("Reason"))
    watch_days = watch_field()


class ReviewForm(ActionForm):
    """Result and minutes; of high level with the meeting and the users' representatives."""

    review_result = text_field(_("Did it work?"), rows=2)
    minutes = text_field(_("Minutes"), rows=4)
    met_at = moment_field(_("Meeting on"), required=False)
    attendance = text_field(_("Who attended, with the users' representatives"), required=False, rows=2)
    attachments = AttachmentsField()

    def clean(self) -> dict[str, Any]:
        """Problems of high level are reviewed in a meeting."""
        cleaned = super().clean() or {}
        if self.ticket.level_id == HIGH:  # type: ignore[attr-defined]
            for name in ("met_at", "attendance"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Problems of high level are reviewed in a meeting."))
        return cleaned


class CloseForm(ActionForm):
    """That everything is archived."""

    archived = forms.BooleanField(label=_("Solution, minutes and register are archived"))
    text = text_field(_("Remark"), required=False, rows=2)

    def body_values(self) -> dict[str, Any]:
        """The tick was checked; nothing stores it but the timeline."""
        return {"text": self.cleaned_data["text"]}


class ProblemField(TicketField):
    """A live problem, named by its number, found by words."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=RemoteSelect("problems:find_problems"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        """Number and summary."""
        return f"{obj.number} {obj.summary}"


class DuplicateForm(ActionForm):
    """The problem that stays."""

    main = ProblemField(label=_("Same cause as"), help_text=_("The problem that stays, by number or words."))
    text = text_field(_("Reason"), required=False, rows=2)

    def limit_choices(self) -> None:
        """Other live problems."""
        if self.user is not None:
            found = Ticket.objects.visible_to(self.user).live().filter(kind="problem", duplicate_of=None)
            self.fields["main"].queryset = found.exclude(pk=self.ticket.pk)  # type: ignore[attr-defined]


class RecurrenceForm(ActionForm):
    """The incident that came back, and what it has in common."""

    incident = TicketField(label=_("Incident"))
    matched = forms.CharField(label=_("In common"), max_length=200)

    def limit_choices(self) -> None:
        """Any incident: the portal found it."""
        self.fields["incident"].queryset = Ticket.objects.filter(kind="incident")  # type: ignore[attr-defined]


class RaiseForm(ActionForm):
    """A problem from the incident that is open."""

    summary = forms.CharField(label=_("What is the problem?"), max_length=200)
    description = text_field(_("Description"), required=False, rows=3)
    problem_category = CodeChoiceField(
        ProblemCategory.objects.active(), label=_("Category of the problem"), required=False
    )
    level = CodeChoiceField(ProblemLevel.objects.active(), label=_("Level"), required=False)

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """In the words of the incident."""
        return {"summary": ticket.summary, "level": "medium"}


class AttachForm(ActionForm):
    """A problem that is known already."""

    problem = ProblemField(label=_("Problem"), help_text=_("Number or words."))
    waits = forms.BooleanField(
        label=_("Wait for it"),
        required=False,
        help_text=_("It comes back to its assignee when the problem is solved."),
    )

    def limit_choices(self) -> None:
        """Problems that the person sees and that are not over."""
        if self.user is not None:
            found = Ticket.objects.visible_to(self.user).filter(kind="problem").exclude(phase="closed")
            self.fields["problem"].queryset = found  # type: ignore[attr-defined]

    def clean_waits(self) -> bool:
        """Only work that has begun can wait; said beside the tick, and joining alone stays possible."""
        waits: bool = self.cleaned_data["waits"]
        ticket = self.ticket
        if waits and ticket is not None and not ticket.kind_info.actions["wait"].starts_in(ticket.state):
            raise forms.ValidationError(
                gettext("Only work that has begun can wait. Start it first, or join without waiting.")
            )
        return waits
