"""Filters and orders of lists of tickets: the same for queues in pages, API and exports."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, SupportGroup, User
from cmdb.models import BusinessSystem
from itsm.filtering import ME, MINE, NONE, ChoicesFilter, CodesFilter, MomentFilter, YesNoFilter
from itsm.paging import Column, Ordering
from tickets.clock import NO_LIMIT
from tickets.indexes import QUEUE_ORDER
from tickets.lifecycle import Phase, kinds
from tickets.models import Category, Nature, Priority, Source, Ticket
from tickets.querysets import LIVE

MAX_SEARCH = 200
_NUMBER = re.compile(r"[A-Z]{2,4}\d+")

#: What lists can be sorted by. ``queue`` is the order of queues (INC-18).
SORTS: dict[str, Ordering] = {
    "queue": tuple(Column(name) for name in QUEUE_ORDER if name != "id"),
    **{
        name: (Column(name),)
        for name in ("number", "kind", "state", "phase", "summary", "complexity", "reopen_count", "urge_count")
    },
    "priority": (Column("priority_rank"),),
    "due_at": (Column("queue_due_at"),),
    **{name: (Column(name),) for name in ("created_at", "updated_at")},
    **{
        name: (Column(name, nullable=True),)
        for name in (
            "assigned_at",
            "responded_at",
            "resolved_at",
            "closed_at",
            "planned_response_at",
            "planned_completion_at",
        )
    },
    "organisation": (Column("organisation__code"),),
    "group": (Column("group__code", nullable=True),),
    "category": (Column("category__position", nullable=True),),
    "assignee": (Column("assignee__username", nullable=True),),
    "requester": (Column("requester__username", nullable=True),),
    **{name: (Column(f"{name}_id", nullable=True),) for name in ("business_system", "source", "nature")},
    "external_number": (Column("external_number"),),
}
NEWEST_FIRST = "-created_at"


class PersonFilter(filters.CharFilter):
    """Tickets of a person: a user name, ``me`` or ``none``. An unknown name finds nothing."""

    def filter(self, qs: QuerySet[Ticket], value: Any) -> QuerySet[Ticket]:
        """Narrow by the person's key, so that the index on it serves."""
        if not value:
            return qs
        if value in (ME, NONE):
            key = self.parent.request.user.pk if value == ME else None
        else:
            key = User.objects.filter(username=value).values_list("pk", flat=True).first()
            if key is None:
                return qs.none()
        return qs.filter(**{f"{self.field_name}_id": key})


def all_states() -> list[tuple[str, Any]]:
    """States of every kind, each code once."""
    return list({code: label for kind in reversed(kinds()) for code, label in kind.states.choices}.items())


class TicketFilter(filters.FilterSet):
    """What lists of tickets can be narrowed by. ``request.user`` is who ``me`` and ``mine`` mean."""

    q = filters.CharFilter(method="search", label=_("Number or words of the summary"), max_length=MAX_SEARCH)
    number = filters.CharFilter(label=_("Number"), max_length=20)
    state = ChoicesFilter(choices=all_states, label=_("State"))
    phase = ChoicesFilter(choices=Phase.choices, label=_("Phase"))
    priority = CodesFilter(model=Priority, label=_("Priority"))
    group = CodesFilter(
        model=SupportGroup,
        words=[(MINE, _("My groups")), (NONE, _("Not assigned"))],
        secret=True,
        label=_("Group"),
    )
    assignee = PersonFilter(label=_("Assignee"), max_length=150)
    requester = PersonFilter(label=_("Requester"), max_length=150)
    organisation = CodesFilter(model=Organisation, secret=True, label=_("Organisation"))
    business_system = CodesFilter(model=BusinessSystem, words=[(NONE, _("None"))], label=_("Business system"))
    category = filters.CharFilter(method="in_category", label=_("Category, with those below"), max_length=80)
    source = CodesFilter(model=Source, label=_("Source"))
    nature = CodesFilter(model=Nature, label=_("Nature"))
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte", label=_("Created from"))
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt", label=_("Created before"))
    updated_after = MomentFilter(field_name="updated_at", lookup_expr="gte", label=_("Updated from"))
    updated_before = MomentFilter(field_name="updated_at", lookup_expr="lt", label=_("Updated before"))
    updated_since = MomentFilter(field_name="updated_at", lookup_expr="gte", label=_("Changed since"))
    resolved_after = MomentFilter(field_name="resolved_at", lookup_expr="gte", label=_("Resolved from"))
    resolved_before = MomentFilter(field_name="resolved_at", lookup_expr="lt", label=_("Resolved before"))
    due_after = MomentFilter(method="with_limit", lookup_expr="gte", label=_("Due from"))
    due_before = MomentFilter(method="with_limit", lookup_expr="lt", label=_("Due before"))
    overdue = YesNoFilter(Q(phase__in=LIVE, queue_due_at__lt=Now()), label=_("Overdue"))
    duplicate = YesNoFilter(Q(duplicate_of__isnull=False), label=_("Duplicate"))
    reopened = YesNoFilter(Q(reopen_count__gt=0), label=_("Reopened"))
    parent = filters.CharFilter(field_name="parent__number", label=_("Number of the ticket it is part of"))
    external_number = filters.CharFilter(label=_("Number in the other system"), max_length=100)

    class Meta:
        model = Ticket
        fields: list[str] = []

    def search(self, queryset: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        """By number when it looks like one, else by words of the summary."""
        text = value.strip()
        if _NUMBER.fullmatch(text.upper()):
            return queryset.filter(number__startswith=text.upper())
        for word in text.split():
            queryset = queryset.filter(summary__icontains=word)
        return queryset

    def in_category(self, queryset: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        """The category and what lies below it."""
        below = Q(code=value) | Q(parent__code=value) | Q(parent__parent__code=value)
        return queryset.filter(category_id__in=list(Category.objects.filter(below).values_list("pk", flat=True)))

    def with_limit(self, queryset: QuerySet[Ticket], name: str, value: datetime) -> QuerySet[Ticket]:
        """By the limit that runs now; tickets without one are left out."""
        if name == "due_before":
            return queryset.filter(queue_due_at__lt=min(value, NO_LIMIT))
        return queryset.filter(queue_due_at__gte=value, queue_due_at__lt=NO_LIMIT)
