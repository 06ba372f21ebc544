"""Input of the actions that send an incident to somebody, or let it follow another ticket."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, Tier, User
from accounts.permissions import Permission
from tickets.forms import ActionForm
from tickets.models import Ticket
from tickets.shared.assignment import AssignmentForm
from tickets.shared.forms import TicketField, text_field


class LinesForm(AssignmentForm):
    """Groups of the provider's own lines: vendors are called in, they never hold the ticket (INC-14)."""

    def groups(self) -> QuerySet[SupportGroup]:
        """Desk, first and second line."""
        return super().groups().exclude(tier=Tier.THIRD)


class AssignForm(LinesForm):
    """A group, a person in it, and a word for them."""

    text = text_field(_("Remark"), required=False, rows=2)

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """The group that takes such tickets by default."""
        group = ticket.group or default_group(ticket)
        return {"group": group.code if group else None, "assignee": _username(ticket.assignee)}


def _username(user: User | None) -> str | None:
    return user.username if user else None


def default_group(ticket: Ticket) -> SupportGroup | None:
    """The group of the ticket's business system, else of its category (ORG-02)."""
    for holder in (ticket.business_system, ticket.category):
        if holder is not None and holder.default_group is not None:
            return holder.default_group
    return None


class HandOverForm(LinesForm):
    """Another group of the same line, or a colleague, and why."""

    text = text_field(_("Reason"), rows=2)

    def groups(self) -> QuerySet[SupportGroup]:
        """Those of the present group's line: another line is reached by escalating and returning."""
        group = self.ticket.group
        return super().groups().filter(tier=group.tier) if group else super().groups()

    def clean(self) -> dict[str, Any]:
        """Something must change hands."""
        cleaned = super().clean()
        same_person = cleaned.get("assignee") == self.ticket.assignee
        if cleaned.get("group") == self.ticket.group and same_person:
            self.add_error("group", _("It is already with this group and person."))
        return cleaned


class EscalateForm(LinesForm):
    """A group of a higher line, and why."""

    text = text_field(_("Reason"), rows=2)

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """Nothing is chosen yet."""
        return {}

    def groups(self) -> QuerySet[SupportGroup]:
        """Groups of the provider's lines above the present one. Vendors are called in, not assigned."""
        now = Tier(self.ticket.group.tier).rank if self.ticket.group else Tier.DESK.rank
        higher = [tier for tier in (Tier.FIRST, Tier.SECOND) if tier.rank > now]
        return super().groups().filter(tier__in=higher)


class DuplicateForm(ActionForm):
    """The main ticket of the same event."""

    asked_late = unlogged = frozenset({"slower"})

    main = TicketField(label=_("Number of the main ticket"))
    slower = forms.BooleanField(label=_("Let it follow the slower ticket"), required=False)

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
        main: Ticket = self.cleaned_data["main"]
        if main.priority_rank > self.ticket.priority_rank and not self._may_lower():
            raise forms.ValidationError(
                _(
                    "{number} has a lower priority, whose pace this one would take on: "
                    "raise it, or ask an incident manager."
                ).format(number=main.number)
            )
        return main

    def clean(self) -> dict[str, Any]:
        """Whoever lets an urgent ticket follow a slower one says that it is meant."""
        cleaned = super().clean() or {}
        main = cleaned.get("main")
        if main and main.priority_rank > self.ticket.priority_rank and self.user and not cleaned.get("slower"):
            said = {"number": main.number, "own": str(self.ticket.priority), "its": str(main.priority)}
            text = gettext("This one is %(own)s; as a duplicate of %(number)s it is handled at the pace of %(its)s.")
            self.add_error("slower", text % said)
        return cleaned

    def _may_lower(self) -> bool:
        """Whoever may lower the priority of a ticket may let it follow a slower one (INC-04)."""
        return self.user is None or self.user.may(Permission.PRIORITY)
