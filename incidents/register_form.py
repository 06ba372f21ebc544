"""Registering an incident: what staff and requesters are asked, for pages and API alike."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, Tier, User
from accounts.permissions import Permission
from cmdb.models import BusinessSystem, ConfigurationItem
from incidents.forms import ClassificationFields, ImpactField
from tickets.forms import (
    AttachmentsField,
    CodeChoiceField,
    MemberSelect,
    PersonField,
    RemoteSelect,
    RemoteSelectMultiple,
)
from tickets.models import ImpactLevel, Nature, Source, Ticket, Urgency
from tickets.shared.forms import TicketField

#: How requesters say how bad it is, by the code of the level; other levels keep their own name.
PLAIN_LEVELS = {
    "I5": _("Only I am affected, or it is a question"),
    "I4": _("Some of us are affected; we can go on working"),
    "I3": _("Many of us cannot work as usual"),
    "I2": _("Something important is down or slow for all of us"),
    "I1": _("Everything stands still"),
}


class PlainImpactField(ImpactField):
    """The same levels as requesters say it: the mildest first, and nobody has to know."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.label = _("How bad is it?")
        self.empty_label = _("I am not sure: the service desk decides")
        self.queryset = ImpactLevel.objects.active().select_related("priority").order_by("-position")

    def label_from_instance(self, obj: Any) -> str:
        """What it means to those affected."""
        return str(PLAIN_LEVELS.get(obj.code, obj.name))

    @property
    def cards(self) -> dict[str, dict[str, Any]]:
        """The criteria, without priorities: those are the desk's."""
        return {
            code: {"hint": "", "criteria": card["criteria"], "tone": card["tone"]}
            for code, card in super().cards.items()
        }


#: What people of a customer are not asked: the desk decides it.
STAFF_FIELDS = (
    "requester",
    "source",
    "category",
    "complexity",
    "urgency",
    "items",
    "group",
    "assignee",
    "main",
    "known_error",
    "extent",
    "reported_by",
)
#: What requesters come with; requests are ordered from the catalogue.
REQUESTERS_NATURES = ("incident", "consultation", "complaint")


#: What customers are asked, on the page as in what is wrong with it.
PLAIN_LABELS = {
    "summary": _("In one sentence"),
    "description": _("What did you do, what happened, what did you expect?"),
    "business_system": _("Which system (if you know it)"),
    "occurred_at": _("Since when?"),
}


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
    assignee = PersonField(label=_("Assignee"), required=False, widget=MemberSelect())
    main = TicketField(label=_("Duplicate of"), required=False)
    known_error = TicketField(label=_("Known error"), required=False)
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
            self._ask_requester()
            return
        user = self.user
        people = User.objects.active() if user is None else User.objects.active().visible_to(user)
        self._limit_main(user)
        self._limit_known_error(user)
        self._limit_assignment(user)
        items = ConfigurationItem.objects.all()
        self.fields["requester"].queryset = people  # type: ignore[attr-defined]
        self.fields["items"].queryset = (  # type: ignore[attr-defined]
            items if user is None else items.visible_to(user)
        )

    def _limit_assignment(self, user: User | None) -> None:
        """Whoever dispatches may assign at once; nobody else is asked, and no choice fills in a group for them."""
        if user is not None and user.may(Permission.DISPATCH):
            staff = User.objects.active().filter(support_groups__active=True).distinct()
            self.fields["assignee"].queryset = staff  # type: ignore[attr-defined]
            return
        for name in ("group", "assignee"):
            del self.fields[name]
        for name in ("business_system", "category"):
            self.fields[name].widget.attrs.pop("data-sets", None)

    def _limit_main(self, user: User | None) -> None:
        """Whoever dispatches may say at once of which unresolved incident it is a duplicate (INC-11)."""
        if user is None or not user.may(Permission.DISPATCH):
            del self.fields["main"]
            return
        self.fields["main"].widget = forms.HiddenInput()
        found = Ticket.objects.visible_to(user).live().filter(kind="incident", duplicate_of=None)
        self.fields["main"].queryset = found  # type: ignore[attr-defined]

    def _limit_known_error(self, user: User | None) -> None:
        """Whoever dispatches may take the workaround of a known error at once, by its problem (PRB-05)."""
        if user is None or not user.may(Permission.DISPATCH):
            del self.fields["known_error"]
            return
        self.fields["known_error"].widget = forms.HiddenInput()
        until = Q(problem__known_error__valid_until=None) | Q(problem__known_error__valid_until__gt=Now())
        published = {"problem__known_error__isnull": False, "problem__known_error__withdrawn_at": None}
        found = Ticket.objects.visible_to(user).filter(until, kind="problem", **published)
        self.fields["known_error"].queryset = found  # type: ignore[attr-defined]

    def _ask_requester(self) -> None:
        """Fewer questions, in plain words."""
        for name in STAFF_FIELDS:
            del self.fields[name]
        natures = Nature.objects.active().filter(code__in=REQUESTERS_NATURES)
        nature = CodeChoiceField(
            natures, label=_("Nature"), required=False, empty_label=None, widget=forms.RadioSelect
        )
        self.fields["nature"], self.fields["impact"] = nature, PlainImpactField(required=False)
        person = self.user
        if person is not None:
            self.initial.update(contact_phone=person.phone or person.mobile, contact_email=person.email)
            used = BusinessSystem.objects.active().visible_to(person)
            self.fields["business_system"].queryset = used  # type: ignore[attr-defined]
        self.fields["business_system"].widget.attrs.pop("data-sets", None)
        for name, label in PLAIN_LABELS.items():
            self.fields[name].label = label

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
        if self.is_by_staff and "group" not in self.fields and self.data.get("group"):  # a program, or an old page
            self.errors["group"] = self.error_class([str(_("Only the service desk assigns while registering."))])


def default_impact(system: BusinessSystem | None) -> ImpactLevel:
    """What intake starts from: the lowest level; the desk checks and corrects it."""
    levels = ImpactLevel.objects.active().select_related("priority")
    offered = system.system_class.default_impact if system else ""
    return levels.filter(code=offered).first() or levels.order_by("-position")[0]
