"""Filters and orders of lists of tickets: the same for queues in pages, API and exports."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation, SupportGroup, User
from accounts.permissions import Permission
from cmdb.models import BusinessSystem
from cmdb.uses import is_outside
from itsm.web.filtering import ME, MINE, NONE, ChoicesFilter, CodesFilter, MomentFilter, YesNoFilter, among
from itsm.web.filtering import Chosen as ChosenCodes
from itsm.web.paging import Column, Ordering
from tickets.clock import NO_LIMIT
from tickets.database.indexes import QUEUE_ORDER
from tickets.figures.people import people_refused
from tickets.figures.records import LONGEST, Chosen, chosen_from
from tickets.lifecycle import Kind, Phase, kinds
from tickets.models import (
    AffectedItem,
    Category,
    ImpactLevel,
    Nature,
    Priority,
    Satisfaction,
    Source,
    Ticket,
    TicketLink,
    Urgency,
    WaitReason,
    Watcher,
)
from tickets.querysets import LIVE
from tickets.queues.audience import known_to
from tickets.queues.columns import DIFFICULTY
from tickets.search.matching import matching
from tickets.search.words import MAX_LENGTH

#: What lists can be sorted by. ``queue`` is the order of queues (INC-18).
SORTS: dict[str, Ordering] = {
    "queue": tuple(Column(name) for name in QUEUE_ORDER if name != "id"),
    **{
        name: (Column(name),)
        for name in (
            *("number", "kind", "state", "phase", "version", "summary", "complexity", "reopen_count", "urge_count"),
            *("wait_count", "children_total", "children_open", "external_system"),
        )
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
            "agreed_at",
            "escalated_at",
            "closes_at",
            "responded_in_time",
            "dispatched_in_time",
            "completed_in_time",
        )
    },
    "parent": (Column("parent__number", nullable=True),),
    "is_duplicate": (Column("duplicate_of__number", nullable=True, nulls_first=True, mirrored=True),),
    "organisation": (Column("organisation__code"),),
    "group": (Column("group__code", nullable=True),),
    "category": (Column("category__position", nullable=True),),
    "assignee": (Column("assignee__username", nullable=True),),
    "requester": (Column("requester__username", nullable=True),),
    **{
        name: (Column(f"{name}_id", nullable=True),)
        for name in ("business_system", "source", "nature", "impact", "urgency")
    },
    "external_number": (Column("external_number"),),
}
NEWEST_FIRST = "-created_at"


def sorts_for(user: User) -> dict[str, Ordering]:
    """What ``user`` may sort by: what they may read."""
    return {name: SORTS[name] for name in known_to(user, SORTS)}


def filters_for(user: User) -> list[str]:
    """Names of the filters by which ``user`` may find: those that tell what they may read."""
    return known_to(user, FILTERS)


class PeopleField(forms.Field):
    """One user name or several."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.max_length = max_length
        super().__init__(**kwargs)

    def clean(self, value: Any) -> list[str]:
        """The names; too long a one is an error."""
        names = [value] if isinstance(value, str) else list(value or ())
        for name in names:
            MaxLengthValidator(self.max_length)(name)
        return [name for name in names if name]


class PersonFilter(filters.Filter):
    """Tickets of a person: a user name, ``me`` or ``none``; of any of them where several are named.

    An unknown name finds nothing.
    """

    field_class = PeopleField

    def filter(self, qs: QuerySet[Ticket], value: list[str]) -> QuerySet[Ticket]:
        """Narrow by the person's key, so that the index on it serves."""
        if not value:
            return qs
        keys = {name: self.key_of(name) for name in value}
        known = [key for name, key in keys.items() if key is not None or name == NONE]
        return self.narrow(qs, known) if known else qs.none()

    def key_of(self, value: str) -> Any:
        """The person's key; None for ``none`` and unknown names. Trusted names are found by the query itself."""
        if value in (ME, NONE):
            return self.parent.request.user.pk if value == ME else None
        found = User.objects.order_by().filter(username=value).values_list("pk", flat=True)
        return Subquery(found[:1]) if self.parent.trusted else found.first()

    def narrow(self, qs: QuerySet[Ticket], keys: list[Any]) -> QuerySet[Ticket]:
        """Tickets of the people with ``keys``."""
        return qs.filter(reduce(or_, (Q(**{f"{self.field_name}_id": key}) for key in keys)))


class WatcherFilter(PersonFilter):
    """Tickets that a person watches."""

    def narrow(self, qs: QuerySet[Ticket], keys: list[Any]) -> QuerySet[Ticket]:
        """Tickets that the people with ``keys`` watch; with ``none`` those that nobody does."""
        user = self.parent.request.user
        if keys != [user.pk] and not user.may(Permission.INTERNAL):
            return qs.none()
        found = Q(watchers=None) if None in keys else Q(pk__in=())
        watched = [key for key in keys if key is not None]
        if watched:
            found |= Q(among("pk", Watcher.objects.filter(user_id__in=watched).values("ticket_id")))
        return qs.filter(found)


class RecordsField(forms.CharField):
    """The address of a set of records of a period."""

    def clean(self, value: Any) -> Chosen | None:
        """The set; what names none is an error."""
        text = super().clean(value)
        try:
            return chosen_from(text) if text else None
        except (KeyError, ValueError, OverflowError) as error:
            raise ValidationError(_("There is no such set of records, or its period cannot be read.")) from error


class RecordsFilter(filters.Filter):
    """Tickets that a figure counts: the set's own condition (``tickets.figures.records``)."""

    field_class = RecordsField

    def filter(self, qs: QuerySet[Ticket], value: Chosen | None) -> QuerySet[Ticket]:
        """Narrow to them. Who may not count them does not find by them."""
        if value is None:
            return qs
        if value.internal and not self.parent.request.user.may(Permission.INTERNAL):
            return qs.none()
        return qs.filter(value.condition)


class CategoryFilter(CodesFilter):
    """Tickets of the named categories and what lies below them."""

    def filter(self, qs: QuerySet[Ticket], value: ChosenCodes | None) -> QuerySet[Ticket]:
        """Narrow by the whole branches."""
        if not value or not value.asked:
            return qs
        named = value.keys if value.found_later is None else value.found_later
        below = Q(pk__in=named) | Q(parent__in=named) | Q(parent__parent__in=named)
        found = Q(among("category_id", Category.objects.order_by().filter(below).values("pk")))
        return qs.filter(found | Q(category_id=None) if NONE in value.words else found)


def all_states() -> list[tuple[str, Any]]:
    """States of every kind, each code once; one that is called like another names its kind."""
    found: dict[str, Any] = {}
    for kind in reversed(kinds()):
        found = {code: _apart(kind, label, found, code) for code, label in kind.states.choices} | found
    return list(found.items())


def _apart(kind: Kind, label: Any, known: dict[str, Any], code: str) -> Any:
    """The label, with the kind when another state is called so already."""
    alike = any(str(other) == str(label) for one, other in known.items() if one != code)
    return _("%(state)s (%(kind)s)") % {"state": label, "kind": kind.label} if alike else label


class TicketFilter(filters.FilterSet):
    """What lists of tickets can be narrowed by. ``request.user`` is who ``me`` and ``mine`` mean."""

    q = filters.CharFilter(method="search", label=_("Number, its last digits, or words"), max_length=MAX_LENGTH)
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
    business_system = CodesFilter(
        model=BusinessSystem, words=[(NONE, _("None"))], limited=is_outside, label=_("Business system")
    )
    category = CategoryFilter(
        model=Category, words=[(NONE, _("None"))], limited=is_outside, label=_("Category, with those below")
    )
    source = CodesFilter(model=Source, words=[(NONE, _("None"))], label=_("Source"))
    nature = CodesFilter(model=Nature, label=_("Nature"))
    impact = CodesFilter(model=ImpactLevel, label=_("Impact"))
    urgency = CodesFilter(model=Urgency, label=_("Urgency"))
    wait_reason = CodesFilter(model=WaitReason, label=_("Waits for"))
    supplier = CodesFilter(model=Organisation, words=[(NONE, _("None"))], secret=True, label=_("Supplier"))
    registered_by = PersonFilter(label=_("Registered by"), max_length=150)
    watcher = WatcherFilter(label=_("Watched by"), max_length=150)
    item = filters.CharFilter(method="about_item", label=_("Configuration item"), max_length=100)
    complexity = ChoicesFilter(
        choices=[(str(code), label) for code, label in DIFFICULTY.items()], label=_("Difficulty")
    )
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte", label=_("Created from"))
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt", label=_("Created until"))
    updated_after = MomentFilter(field_name="updated_at", lookup_expr="gte", label=_("Updated from"))
    updated_before = MomentFilter(field_name="updated_at", lookup_expr="lt", label=_("Updated until"))
    updated_since = MomentFilter(field_name="updated_at", lookup_expr="gte", label=_("Changed since"))
    planned_response_after = MomentFilter(
        field_name="planned_response_at", lookup_expr="gte", label=_("Planned response from")
    )
    planned_response_before = MomentFilter(
        field_name="planned_response_at", lookup_expr="lt", label=_("Planned response until")
    )
    responded_after = MomentFilter(field_name="responded_at", lookup_expr="gte", label=_("Responded from"))
    responded_before = MomentFilter(field_name="responded_at", lookup_expr="lt", label=_("Responded until"))
    planned_completion_after = MomentFilter(
        field_name="planned_completion_at", lookup_expr="gte", label=_("Planned completion from")
    )
    planned_completion_before = MomentFilter(
        field_name="planned_completion_at", lookup_expr="lt", label=_("Planned completion until")
    )
    resolved_after = MomentFilter(field_name="resolved_at", lookup_expr="gte", label=_("Resolved from"))
    resolved_before = MomentFilter(field_name="resolved_at", lookup_expr="lt", label=_("Resolved until"))
    closed_after = MomentFilter(field_name="closed_at", lookup_expr="gte", label=_("Closed from"))
    closed_before = MomentFilter(field_name="closed_at", lookup_expr="lt", label=_("Closed until"))
    due_after = MomentFilter(method="with_limit", lookup_expr="gte", label=_("Due from"))
    due_before = MomentFilter(method="with_limit", lookup_expr="lt", label=_("Due until"))
    agreed_after = MomentFilter(field_name="agreed_at", lookup_expr="gte", label=_("Agreed time from"))
    agreed_before = MomentFilter(field_name="agreed_at", lookup_expr="lt", label=_("Agreed time until"))
    agreed = YesNoFilter(Q(agreed_at__isnull=False), label=_("With an agreed time"))
    escalated = YesNoFilter(Q(phase__in=LIVE, escalated_at__isnull=False), label=_("Escalated, nobody acted yet"))
    overdue = YesNoFilter(Q(phase__in=LIVE, queue_due_at__lt=Now()), label=_("Overdue"))
    duplicate = YesNoFilter(Q(duplicate_of__isnull=False), label=_("Duplicate"))
    reopened = YesNoFilter(Q(reopen_count__gt=0), label=_("Reopened"))
    urged = YesNoFilter(Q(urge_count__gt=0), label=_("Urged"))
    dispatched_in_time = YesNoFilter(
        Q(dispatched_in_time=True), otherwise=Q(dispatched_in_time=False), label=_("Dispatched in time")
    )
    responded_in_time = YesNoFilter(
        Q(responded_in_time=True), otherwise=Q(responded_in_time=False), label=_("Responded in time")
    )
    completed_in_time = YesNoFilter(
        Q(completed_in_time=True), otherwise=Q(completed_in_time=False), label=_("Completed in time")
    )
    satisfaction = CodesFilter(
        model=Satisfaction, words=[(NONE, pgettext_lazy("satisfaction", "None"))], label=_("Satisfaction")
    )
    caused_by = filters.CharFilter(method="of_cause", label=_("Number of the problem that causes it"), max_length=20)
    parent = filters.CharFilter(field_name="parent__number", label=_("Number of the ticket it is part of"))
    external_number = filters.CharFilter(label=_("Number in the other system"), max_length=100)
    records = RecordsFilter(label=_("Counted in a figure"), max_length=LONGEST)

    class Meta:
        model = Ticket
        fields: list[str] = []

    def __init__(self, data: Any, *args: Any, trusted: bool = False, every: bool = False, **kwargs: Any) -> None:
        """``trusted``: the values were checked when they were stored; nothing is looked up to check them again.

        Only the filters that ``data`` names are made, unless ``every`` one is wanted for a form: copying all of them
        costs more than the query.
        """
        self.trusted = trusted
        made = type(self).base_filters  # type: ignore[misc,has-type]  # the metaclass sets it
        self.base_filters = {name: item for name, item in made.items() if every or name in data}
        super().__init__(data, *args, **kwargs)
        for item in self.filters.values() if trusted else ():
            item.field.trusted = True

    @property
    def form(self) -> Any:
        """The checked values. What others watch is not for requesters, what others did not for every role: refused."""
        made = super().form
        user = self.request.user
        own = made.is_valid() and set(made.cleaned_data.get("watcher") or ()) <= {ME, user.username}
        if not own and made.is_valid() and not user.may(Permission.INTERNAL):
            made.add_error("watcher", _("Only your own watching can be asked for."))
        for name, why in self._people_refused(made.cleaned_data if made.is_valid() else {}):
            made.add_error(name, why)
        return made

    def _people_refused(self, values: dict[str, Any]) -> list[tuple[str, str]]:
        """What in ``values`` makes a figure of another person: a plain list of what somebody has is none."""
        counted = values.get("records")
        if counted is None:
            return []
        named = {
            "records": [counted.person],
            **{name: values.get(name) or [] for name in ("assignee", "registered_by")},
        }
        found = ((name, people_refused(self.request.user, people)) for name, people in named.items())
        return [(name, why) for name, why in found if why]

    def filter_queryset(self, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """Narrow it. Who does not see a column does not find by it, whoever wrote the filter down."""
        if len(known_to(self.request.user, self.filters)) < len(self.filters):
            return queryset.none()
        found: QuerySet[Ticket] = super().filter_queryset(queryset)
        return found

    def search(self, queryset: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        """By number, the end of a number, or words of any text that the person may read."""
        return matching(queryset, value, self.request.user)

    def about_item(self, queryset: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        """Tickets about the configuration item with this identifier."""
        return queryset.filter(among("pk", AffectedItem.objects.filter(item__identifier=value).values("ticket_id")))

    def of_cause(self, queryset: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        """Tickets that are caused by the one with this number."""
        links = TicketLink.objects.filter(target__number=value, meaning=TicketLink.Meaning.CAUSED_BY)
        return queryset.filter(among("pk", links.values("source_id")))

    def with_limit(self, queryset: QuerySet[Ticket], name: str, value: datetime) -> QuerySet[Ticket]:
        """By the limit that runs now; tickets without one are left out."""
        if name == "due_before":
            return queryset.filter(queue_due_at__lt=min(value, NO_LIMIT))
        return queryset.filter(queue_due_at__gte=value, queue_due_at__lt=NO_LIMIT)


#: Names of the filters, those of kinds behind the shared ones.
FILTERS: list[str] = list(TicketFilter.base_filters)  # type: ignore[misc,has-type]  # the metaclass sets it


#: Code of the kind whose own a filter is, by the filter's name.
KIND_OF: dict[str, str] = {}


def add_filters(kind: str, **found: filters.Filter) -> None:
    """Let lists be narrowed by what only ``kind`` knows; said once, when the kind's app starts (TKT-08)."""
    for name, item in found.items():
        KIND_OF[name] = kind
        item.field_name = item.field_name or name
        TicketFilter.base_filters[name] = item  # type: ignore[misc]  # as above
        if name not in FILTERS:
            FILTERS.append(name)


def add_sorts(**found: Ordering) -> None:
    """Let lists be sorted by what only one kind has; said once, when the kind's app starts (TKT-08)."""
    SORTS.update(found)
