"""Input of incidents, for pages and API alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Tier, User
from accounts.permissions import Permission
from cmdb.models import BusinessSystem
from incidents.states import States
from incidents.verifying import Verified
from tickets import clock
from tickets.forms import (
    ActionForm,
    AttachmentsField,
    CodeChoiceField,
    MemberSelect,
    PersonField,
    RemoteSelect,
    SettingSelect,
    json_value,
)
from tickets.models import (
    Category,
    CloseCode,
    Confirmed,
    ImpactLevel,
    Nature,
    RejectReason,
    Satisfaction,
    Urgency,
)
from tickets.queues.columns import DIFFICULTY
from tickets.shared.forms import moment_field, text_field
from tickets.shared.lines import check_line
from tickets.shared.priority import priority_for


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
    complexity = forms.TypedChoiceField(label=_("Difficulty"), choices=DIFFICULTY, coerce=int, required=False)
    occurred_at = moment_field(_("Occurred"), required=False, help_text=_("When it began, if that was earlier."))
    extent = forms.CharField(
        label=_("Extent"), max_length=200, required=False, help_text=_("Who and what is affected, in a few words.")
    )
    reported_by = forms.CharField(
        label=_("Reported for the requester by"), max_length=120, required=False, help_text=_("Who passed it on.")
    )
    contact_phone = forms.CharField(label=_("Contact phone"), max_length=40, required=False)
    contact_email = forms.EmailField(label=_("Contact email"), required=False)

    def clean_occurred_at(self) -> datetime | None:
        """Nothing has occurred that is still to come."""
        moment: datetime | None = self.cleaned_data["occurred_at"]
        if moment is not None and self.now is not None and moment > self.now:
            raise forms.ValidationError(_("That lies in the future."))
        return moment


class EditForm(ClassificationFields):
    """Corrections. What is left out stays as it is."""

    keeps_missing = True

    def clean_complexity(self) -> int:
        """Every incident has one: an empty choice changes nothing."""
        return self.cleaned_data["complexity"] or self.ticket.complexity

    def limit_choices(self) -> None:
        """The desk decides what it is (INC-03): a complaint leaves the clocks. Others are offered what it is."""
        if self.user is not None and not (self.user.may(Permission.DISPATCH) or self.user.may(Permission.PRIORITY)):
            field: Any = self.fields["nature"]
            field.queryset = field.queryset.filter(pk=self.ticket.nature_id)
            refusal = _("The service desk decides what it is.")
            field.error_messages = {**field.error_messages, "invalid_choice": refusal}

    def clean_nature(self) -> Any:
        """An emergency is no complaint."""
        nature = self.cleaned_data["nature"]
        turned = nature is not None and nature.pk == "complaint" and self.ticket.nature_id != "complaint"
        if turned and self.ticket.in_emergency:  # type: ignore[attr-defined]  # of incidents
            raise forms.ValidationError(_("An emergency is no complaint: lower the priority first."))
        return nature


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
        self.fields["assignee"].required = self.ticket.state not in (States.REGISTERED, States.ASSIGNED)
        if self.ticket.group is not None:
            members = self.ticket.group.members.filter(is_active=True)
            self.fields["assignee"].queryset = members  # type: ignore[attr-defined]
            self.fields["assignee"].widget = MemberSelect(self.ticket.group.code)


class DecidePriorityForm(OwnerForm, ImpactForm):
    """A new impact, with the reason, and the owner."""

    text = text_field(_("Reason"), rows=2)
    field_order = ("impact", "urgency", "text", "assignee")


class ApprovePriorityForm(OwnerForm):
    """Who owns the ticket from now on."""

    def body_values(self) -> dict[str, Any]:
        """With the impact that was proposed."""
        return {**super().body_values(), "impact": self.ticket.proposal.impact}  # type: ignore[attr-defined]  # of incidents


class ProposePriorityForm(ActionForm):
    """The impact that should apply, and why. Only what gives another priority is offered."""

    impact = ImpactField(error_messages={"invalid_choice": _("Choose an impact that gives another priority.")})
    text = text_field(_("Reason"), rows=2)
    #: Nobody is woken before it is approved (templates/components/action_form.html).
    asks_first = True

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is chosen: what the ticket has is not proposed."""
        return {}

    def limit_choices(self) -> None:
        """What gives the priority that it has is no proposal."""
        field: Any = self.fields["impact"]
        same = [one.pk for one in field.queryset if priority_for(one, self.ticket.urgency) == self.ticket.priority]
        field.queryset = field.queryset.exclude(pk__in=same)

    def as_record(self) -> dict[str, Any]:
        """With the priority that it gives."""
        priority = priority_for(self.cleaned_data["impact"], self.ticket.urgency)
        return {**super().as_record(), "requested_priority": json_value(priority)}


class ResolveForm(ActionForm):
    """The solution: cause, handling, and who solved it (INC-07)."""

    cause = text_field(_("Cause"), rows=2)
    handling = text_field(_("Handling"))
    close_code = CodeChoiceField(CloseCode.objects.active().filter(on_resolve=True), label=_("Close code"))
    verified_how = forms.ChoiceField(
        label=_("How it was verified"), choices=[("", "—"), *Verified.choices], required=False
    )
    verified_by = PersonField(
        User.objects.none(),
        label=_("Who verified it"),
        required=False,
        widget=RemoteSelect("tickets:find_members"),
        help_text=_("Empty: yourself. A vendor's result is verified by the first or second line."),
    )
    attachments = AttachmentsField()

    def limit_choices(self) -> None:
        """Whoever works in a line of ours can have verified it."""
        lines = User.objects.active().filter(support_groups__active=True).exclude(support_groups__tier=Tier.THIRD)
        self.fields["verified_by"].queryset = lines.distinct()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What a line solved was verified by somebody; there is nothing to verify where nothing was solved."""
        cleaned = super().clean() or {}
        code = cleaned.get("close_code")
        if code is not None and code.tier and "verified_how" not in self.errors and not cleaned.get("verified_how"):
            self.add_error("verified_how", _("Say how the solution was verified."))
        if cleaned.get("verified_how") and "verified_by" not in self.errors:
            cleaned["verified_by"] = cleaned.get("verified_by") or self.user
            self._check_line(code, cleaned["verified_by"])
        return cleaned

    def _check_line(self, code: CloseCode | None, person: User) -> None:
        """A vendor's result is verified by the first or second line."""
        lines = (Tier.FIRST, Tier.SECOND)
        vendors = code is not None and code.tier == Tier.THIRD
        if vendors and not person.support_groups.filter(active=True, tier__in=lines).exists():
            self.add_error("verified_by", _("A vendor's result is verified by somebody of the first or second line."))

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The close code of the line that holds the ticket."""
        tier = "tier3" if ticket.vendor_needed else ticket.group.tier if ticket.group else ""
        return {"close_code": tier, "cause": ticket.cause, "handling": ticket.handling}

    def clean_close_code(self) -> CloseCode:
        """The code must agree with the line that solved it."""
        code, group = self.cleaned_data["close_code"], self.ticket.group
        if code.tier == Tier.THIRD and not self.ticket.vendor_needed:  # type: ignore[attr-defined]
            raise forms.ValidationError(_("No vendor was called in for this ticket."))
        check_line(code, group)
        return code


class SatisfactionFields(ActionForm):
    """What the requester thinks of the result (INC-10)."""

    satisfaction = CodeChoiceField(Satisfaction.objects.active(), label=_("Satisfaction"), required=False)
    satisfaction_comment = text_field(_("Comment"), required=False, rows=2)


class CloseForm(SatisfactionFields):
    """Who confirmed that it is solved, how and when, and what they think of the result.

    Whoever opened a ticket for themselves, and what nobody asked for, needs no confirmation.
    """

    confirmed_by = forms.CharField(label=_("Who confirmed"), max_length=120)
    confirmed_how = forms.ChoiceField(label=_("How the requester confirmed"), choices=[("", "—"), *Confirmed.heard()])
    confirmed_at = moment_field(_("When"))
    text = text_field(_("Remark"), required=False, rows=2)
    field_order = ("confirmed_by", "confirmed_how", "confirmed_at", "text", "satisfaction", "satisfaction_comment")

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The requester, now; how is asked."""
        requester = ticket.requester.display_name if ticket.requester else ""
        return {"confirmed_by": requester, "confirmed_at": clock.now}

    def limit_choices(self) -> None:
        """Ask only where somebody has to be asked."""
        asked = self.ticket.requester_id is not None and (
            self.user is None or self.user.pk != self.ticket.requester_id
        )
        for name in () if asked else ("confirmed_by", "confirmed_how", "confirmed_at"):
            del self.fields[name]

    def clean_confirmed_at(self) -> datetime:
        """Nobody has confirmed tomorrow, nor before it was resolved."""
        at = self.cleaned_data["confirmed_at"]
        if self.now is not None and at > self.now:
            raise forms.ValidationError(_("This time is in the future."))
        solved = self.ticket.resolved_at
        if solved is not None and at < solved.replace(second=0, microsecond=0):  # people type whole minutes
            raise forms.ValidationError(_("This is before it was resolved."))
        return at


class SatisfactionField(CodeChoiceField):
    """The three answers, as faces to choose from."""

    FACES = {"very_good": {"tone": "ok"}, "normal": {"tone": "info"}, "improve": {"tone": "soon"}}

    def __init__(self, **kwargs: Any) -> None:
        answers = Satisfaction.objects.active()
        super().__init__(answers, empty_label=None, widget=forms.RadioSelect, **kwargs)

    @property
    def cards(self) -> dict[str, dict[str, str]]:
        """The colour of each answer, for ``components/field_cards.html``."""
        return self.FACES


class ConfirmForm(SatisfactionFields):
    """What the requester thinks of the result."""

    satisfaction = SatisfactionField(label=_("How was it?"), required=False)
    satisfaction_comment = text_field(_("Anything you want to tell us"), required=False, rows=2)


class RateForm(ConfirmForm):
    """The same, after the ticket was closed: an answer is needed."""

    satisfaction = SatisfactionField(label=_("How was it?"))


class NotSolvedForm(ActionForm):
    """What is still wrong."""

    text = text_field(_("What is still wrong"))


class RejectForm(ActionForm):
    """Why it is not taken, and what the requester is told (INC-03)."""

    reject_reason = CodeChoiceField(RejectReason.objects.active(), label=_("Reason"), empty_label=None)
    text = text_field(_("Answer to the requester"))
