"""Input of incidents, for pages and API alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, Tier, User
from accounts.permissions import Permission
from cmdb.models import BusinessSystem, ConfigurationItem
from incidents.lifecycle import States
from tickets.action_forms import TicketField, moment_field, text_field
from tickets.forms import (
    ActionForm,
    AttachmentsField,
    CodeChoiceField,
    PersonField,
    RemoteSelect,
    RemoteSelectMultiple,
    SettingSelect,
)
from tickets.models import (
    Category,
    CloseCode,
    ImpactLevel,
    Nature,
    RejectReason,
    Satisfaction,
    Source,
    Ticket,
    Urgency,
    WaitReason,
)

COMPLEXITIES = [(1, _("Simple")), (2, _("Normal")), (3, _("Complex"))]


class ImpactField(CodeChoiceField):
    """The impact, chosen by its criteria, which every choice shows (INC-04)."""

    def __init__(self, **kwargs: Any) -> None:
        levels = ImpactLevel.objects.active().select_related("priority")
        super().__init__(levels, label=_("Impact"), empty_label=None, widget=forms.RadioSelect, **kwargs)

    @property
    def cards(self) -> dict[str, dict[str, Any]]:
        """What ``components/field_cards.html`` says about each level."""
        return {
            level.code: {
                "hint": f"{level.priority.code} {level.priority} · {level.reach}",
                "criteria": level.criteria,
                "tone": level.priority.code.lower(),
            }
            for level in self.queryset or ()
        }


class ClassificationFields(ActionForm):
    """What an incident is and where it hurts."""

    summary = forms.CharField(label=_("Summary"), max_length=200)
    description = text_field(_("Description"), required=False, rows=4)
    nature = CodeChoiceField(Nature.objects.active(), label=_("Nature"), required=False)
    category = CodeChoiceField(
        Category.objects.active().select_related("default_group"),
        label=_("Category"),
        required=False,
        widget=SettingSelect(sets="group", by="default_group"),
    )
    business_system = CodeChoiceField(
        BusinessSystem.objects.active().select_related("default_group"),
        label=_("Business system"),
        required=False,
        widget=SettingSelect(sets="group", by="default_group"),
    )
    complexity = forms.TypedChoiceField(label=_("Complexity"), choices=COMPLEXITIES, coerce=int, required=False)
    contact_phone = forms.CharField(label=_("Contact phone"), max_length=40, required=False)
    contact_email = forms.EmailField(label=_("Contact email"), required=False)


#: What people of a customer are not asked: the desk decides it.
STAFF_FIELDS = (
    "requester",
    "source",
    "nature",
    "category",
    "complexity",
    "urgency",
    "items",
    "group",
    "assignee",
)


class RegisterForm(ClassificationFields):
    """A new incident. Customers are asked less; with a group it is assigned at once."""

    requester = PersonField(
        label=_("Requester"),
        required=False,
        widget=RemoteSelect("tickets:find_people", autofocus=""),
        help_text=_("Name, phone or employee number. Empty: yourself."),
    )
    source = CodeChoiceField(Source.objects.active(), label=_("Source"), required=False)
    impact = ImpactField(required=False)
    urgency = CodeChoiceField(Urgency.objects.active(), label=_("Urgency"), required=False)
    items = forms.ModelMultipleChoiceField(
        ConfigurationItem.objects.none(),
        label=_("Configuration items"),
        to_field_name="identifier",
        required=False,
        widget=RemoteSelectMultiple("tickets:find_items"),
    )
    group = CodeChoiceField(
        SupportGroup.objects.filter(active=True).exclude(tier=Tier.THIRD), label=_("Group"), required=False
    )
    assignee = PersonField(label=_("Assignee"), required=False)
    attachments = AttachmentsField()

    field_order = (
        "requester",
        "contact_phone",
        "contact_email",
        "source",
        "summary",
        "description",
        "business_system",
        "category",
        "items",
        "impact",
    )

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """The usual case: an incident of the lowest impact, by phone."""
        return {"source": "phone", "nature": "incident", "urgency": "normal", "complexity": 2}

    @property
    def is_by_staff(self) -> bool:
        """Whether somebody of the provider registers it."""
        return self.user is None or self.user.may(Permission.INTERNAL)

    def limit_choices(self) -> None:
        """Customers get the fields and the records of their own organisation only."""
        if not self.is_by_staff:
            for name in STAFF_FIELDS:
                del self.fields[name]
            return
        user = self.user
        people = User.objects.active() if user is None else User.objects.active().visible_to(user)
        staff = User.objects.active().filter(support_groups__active=True).distinct()
        self.fields["assignee"].queryset = staff  # type: ignore[attr-defined]
        items = ConfigurationItem.objects.all()
        self.fields["requester"].queryset = people  # type: ignore[attr-defined]
        self.fields["items"].queryset = (  # type: ignore[attr-defined]
            items if user is None else items.visible_to(user)
        )

    def clean(self) -> dict[str, Any]:
        """Fill in what was left out; only members of the group can be assigned."""
        cleaned = super().clean() or {}
        if not self.is_by_staff:
            cleaned["source"] = Source.objects.get(code="portal")
        elif "source" not in self.data:  # programs may leave it out; people choose it, or leave it empty
            cleaned["source"] = Source.objects.get(code="api")
        cleaned["nature"] = cleaned.get("nature") or Nature.objects.get(code="incident")
        cleaned["complexity"] = cleaned.get("complexity") or 2
        if "impact" not in self.errors:
            cleaned["impact"] = cleaned.get("impact") or default_impact(cleaned.get("business_system"))
        self._check_assignee(cleaned)
        return cleaned

    def _check_assignee(self, cleaned: dict[str, Any]) -> None:
        group, assignee = cleaned.get("group"), cleaned.get("assignee")
        if assignee and not group:
            self.add_error("group", _("Choose the group of this person."))
        elif assignee and group and not group.members.filter(pk=assignee.pk).exists():
            self.add_error("assignee", _("This person does not work in the group."))
        if group and not (self.user and self.user.may(Permission.DISPATCH)):
            self.add_error("group", _("Only the service desk assigns while registering."))


def default_impact(system: BusinessSystem | None) -> ImpactLevel:
    """What intake starts from: the lowest level; the desk checks and corrects it."""
    levels = ImpactLevel.objects.active().select_related("priority")
    offered = system.system_class.default_impact if system else ""
    return levels.filter(code=offered).first() or levels.order_by("-position")[0]


class EditForm(ClassificationFields):
    """Corrections. What is left out stays as it is."""

    keeps_missing = True

    def clean_complexity(self) -> int:
        """Every incident has one: an empty choice changes nothing."""
        return self.cleaned_data["complexity"] or self.ticket.complexity


class ImpactForm(ActionForm):
    """Impact and urgency; the criteria are shown."""

    impact = ImpactField()
    urgency = CodeChoiceField(Urgency.objects.active(), label=_("Urgency"), required=False)


class OwnerForm(ActionForm):
    """The owner is chosen again, from the group. Only in the group's queue a ticket may be without one."""

    assignee = PersonField(User.objects.none(), label=_("Owner"), required=False)
    keeps_missing = True

    def limit_choices(self) -> None:
        """Members of the ticket's group."""
        self.fields["assignee"].required = self.ticket.state != States.ASSIGNED
        if self.ticket.group is not None:
            members = self.ticket.group.members.filter(is_active=True)
            self.fields["assignee"].queryset = members  # type: ignore[attr-defined]


class DecidePriorityForm(OwnerForm, ImpactForm):
    """A new impact, with the reason, and the owner."""

    text = text_field(_("Reason"), rows=2)
    field_order = ("impact", "urgency", "text", "assignee")


class ApprovePriorityForm(OwnerForm):
    """Who owns the ticket from now on."""


class ProposePriorityForm(ActionForm):
    """The impact that should apply, and why."""

    impact = ImpactField()
    text = text_field(_("Reason"), rows=2)


class ResolveForm(ActionForm):
    """The solution: cause, handling, and who solved it (INC-07)."""

    cause = text_field(_("Cause"), rows=2)
    handling = text_field(_("Handling"))
    close_code = CodeChoiceField(CloseCode.objects.active().filter(on_resolve=True), label=_("Close code"))
    attachments = AttachmentsField()

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The close code of the line that holds the ticket."""
        tier = "tier3" if ticket.vendor_needed else ticket.group.tier if ticket.group else ""
        return {"close_code": tier, "cause": ticket.cause, "handling": ticket.handling}

    def clean_close_code(self) -> CloseCode:
        """The code must agree with the line that solved it."""
        code, group = self.cleaned_data["close_code"], self.ticket.group
        if code.tier == Tier.THIRD and not self.ticket.vendor_needed:  # type: ignore[attr-defined]
            raise forms.ValidationError(_("No vendor was called in for this ticket."))
        if group and code.tier and code.tier not in (Tier.THIRD, group.tier):
            message = _("This code does not agree with the line of the group %(group)s (%(tier)s).")
            raise forms.ValidationError(message % {"group": group.name, "tier": group.get_tier_display()})
        return code


class WaitForm(ActionForm):
    """What it waits for, and until when."""

    wait_reason = CodeChoiceField(WaitReason.objects.active(), label=_("Waits for"), empty_label=None)
    wait_until = moment_field(_("Until"))
    text = text_field(_("Remark"), required=False, rows=2)

    def clean_wait_until(self) -> datetime:
        """Not a moment that is over."""
        until = self.cleaned_data["wait_until"]
        if self.now is not None and until <= self.now:
            raise forms.ValidationError(_("This time is in the past."))
        return until


class SatisfactionFields(ActionForm):
    """What the requester thinks of the result (INC-10)."""

    satisfaction = CodeChoiceField(Satisfaction.objects.active(), label=_("Satisfaction"), required=False)
    satisfaction_comment = text_field(_("Comment"), required=False, rows=2)


class CloseForm(SatisfactionFields):
    """How the requester confirmed, and what they think of the result."""

    text = text_field(_("How the requester confirmed"), required=False, rows=2)
    field_order = ("text", "satisfaction", "satisfaction_comment")


class ConfirmForm(SatisfactionFields):
    """What the requester thinks of the result."""


class NotSolvedForm(ActionForm):
    """What is still wrong."""

    text = text_field(_("What is still wrong"))


class RejectForm(ActionForm):
    """Why it is not taken, and what the requester is told (INC-03)."""

    reject_reason = CodeChoiceField(RejectReason.objects.active(), label=_("Reason"), empty_label=None)
    text = text_field(_("Answer to the requester"))


class DuplicateForm(ActionForm):
    """The main ticket of the same event."""

    main = TicketField(label=_("Number of the main ticket"))

    def limit_choices(self) -> None:
        """Unresolved incidents that the person sees and that are no duplicates themselves."""
        if self.user is not None:
            found = Ticket.objects.visible_to(self.user).live().filter(kind=self.ticket.kind)
            main = found.filter(duplicate_of=None).exclude(pk=self.ticket.pk)
            self.fields["main"].queryset = main  # type: ignore[attr-defined]

    def clean_main(self) -> Ticket:
        """One level only: what others are duplicates of cannot be a duplicate itself."""
        if self.ticket.duplicates.exists():
            raise forms.ValidationError(_("Other tickets are duplicates of this one."))
        return self.cleaned_data["main"]
