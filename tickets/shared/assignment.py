"""Choosing the group and the person that a ticket goes to."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, Tier, User
from tickets.forms import ActionForm, CodeChoiceField, MemberSelect, PersonField


class AssignmentForm(ActionForm):
    """A group, and optionally one of its members."""

    group = CodeChoiceField(SupportGroup.objects.filter(active=True), label=_("Group"))
    assignee = PersonField(
        User.objects.none(),
        label=_("Assignee"),
        required=False,
        widget=MemberSelect(),
        help_text=_("Empty: anybody in the group may claim it."),
    )

    def limit_choices(self) -> None:
        """People who work in some offered group."""
        groups = self.groups()
        self.fields["group"].queryset = groups  # type: ignore[attr-defined]
        people = User.objects.active().filter(support_groups__in=groups).distinct()
        self.fields["assignee"].queryset = people  # type: ignore[attr-defined]

    def groups(self) -> QuerySet[SupportGroup]:
        """The groups that are offered."""
        return SupportGroup.objects.filter(active=True)

    def clean(self) -> dict[str, Any]:
        """The person must work in the group."""
        cleaned = super().clean() or {}
        group, assignee = cleaned.get("group"), cleaned.get("assignee")
        if group and assignee and not group.members.filter(pk=assignee.pk).exists():
            message = _("%(person)s does not work in the group %(group)s.")
            names = {"person": assignee.display_name, "group": group.name}
            self.add_error("assignee", message % names)
        return cleaned


class StartForm(ActionForm):
    """Nothing is asked. What the desk starts without dispatching belongs to the desk's own group."""

    def clean(self) -> dict[str, Any]:
        """Find that group."""
        cleaned = super().clean() or {}
        if self.ticket.group is None and self.ticket.assignee is None and self.user is not None:
            own = SupportGroup.objects.filter(pk__in=self.user.group_ids, active=True)
            cleaned["group"] = own.filter(tier=Tier.DESK).first() or own.first()
        return cleaned
