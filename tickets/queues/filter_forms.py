"""The filters above a queue: the few usual ones, and on demand every one that ``TicketFilter`` has."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.fields import ChoiceField

from accounts.models import SupportGroup, User
from cmdb.models import BusinessSystem
from itsm.web.filtering import MomentFilter
from itsm.web.widgets import PlainChoiceField
from tickets.figures.records import chosen_from, period_text
from tickets.lifecycle import kinds
from tickets.models import Priority, Source, Ticket
from tickets.queues.filters import FILTERS, KIND_OF, ME, NONE, PersonFilter, TicketFilter, all_states
from tickets.queues.listing import Listing, sorts_of

ORDERS = [
    ("queue", gettext_lazy("Most urgent first")),
    ("due_at", gettext_lazy("Nearest limit first")),
    ("-created_at", gettext_lazy("Newest first")),
    ("created_at", gettext_lazy("Oldest first")),
    ("-updated_at", gettext_lazy("Last changed first")),
    ("group", gettext_lazy("By group")),
    ("assignee", gettext_lazy("By person")),
    ("business_system", gettext_lazy("By business system")),
]
#: The fields of the long form, in the groups in which it shows them.
SECTIONS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        gettext_lazy("What"),
        (
            *("q", "number", "category", "nature", "business_system", "item", "source", "external_number"),
            *("parent", "caused_by"),
        ),
    ),
    (gettext_lazy("Urgency"), ("priority", "impact", "urgency", "complexity", "overdue", "escalated", "urged")),
    (
        gettext_lazy("State"),
        (
            *("state", "phase", "wait_reason", "duplicate", "reopened"),
            *("dispatched_in_time", "responded_in_time", "completed_in_time", "satisfaction"),
        ),
    ),
    (
        gettext_lazy("Who"),
        ("group", "assignee", "requester", "organisation", "supplier", "registered_by", "watcher"),
    ),
    (
        gettext_lazy("When"),
        (
            *("created_after", "created_before", "updated_after", "updated_before", "resolved_after"),
            *("resolved_before", "closed_after", "closed_before", "due_after", "due_before"),
            *("planned_response_after", "planned_response_before", "responded_after", "responded_before"),
            *("planned_completion_after", "planned_completion_before"),
            *("agreed", "agreed_after", "agreed_before"),
        ),
    ),
)


def _codes(model: Any, everything: Any) -> list[tuple[str, Any]]:
    return _named(model.objects.all(), everything)


def _named(rows: Any, everything: Any) -> list[tuple[str, Any]]:
    return [("", everything), *((row.code, str(row)) for row in rows)]


def priority_choices() -> list[tuple[str, Any]]:
    """Every priority by code and name, and all of them."""
    return [("", _("All priorities")), *((row.code, f"{row.code} {row}") for row in Priority.objects.all())]


class FilterBar(forms.Form):
    """The usual filters; the names are those of ``TicketFilter``. Where several values are chosen, chips show them."""

    q = forms.CharField(
        label=gettext_lazy("Find in this list"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": gettext_lazy("Find in this list")}),
    )
    state = PlainChoiceField(label=gettext_lazy("State"), required=False)
    priority = PlainChoiceField(label=gettext_lazy("Priority"), required=False)
    group = PlainChoiceField(label=gettext_lazy("Group"), required=False)
    assignee = PlainChoiceField(label=gettext_lazy("Assignee"), required=False)
    business_system = PlainChoiceField(label=gettext_lazy("Business system"), required=False)
    source = PlainChoiceField(label=gettext_lazy("Source"), required=False)
    ordering = PlainChoiceField(label=gettext_lazy("Order"), required=False)

    def __init__(self, listing: Listing) -> None:
        first = {**{name: values[-1] for name, values in listing.params.lists()}, "ordering": listing.ordering}
        super().__init__(first, auto_id="filter-%s")
        self._grade_by_its_own(listing)
        for name, choices in self._offered(listing).items():
            field: Any = self.fields[name]
            chosen = listing.params.getlist(name)
            if len(chosen) > 1:
                del self.fields[name]
                continue
            known = {str(value) for value, _label in choices}
            field.choices = [*choices, *((value, value) for value in chosen if value not in known)]

    def _grade_by_its_own(self, listing: Listing) -> None:
        """A kind with a level or type of its own has that in the place of the priority."""
        self.grades: dict[str, list[tuple[str, str]]] = {}
        own = listing.kind.grade_column if listing.kind else ""
        if listing.kind is None or own not in FILTERS:
            return
        label = label_of(own)
        self.grades[own] = [("", _("All: %(what)s") % {"what": label}), *listing.kind.grades()]
        self.fields = {
            own if name == "priority" else name: PlainChoiceField(label=label, required=False)
            if name == "priority"
            else field
            for name, field in self.fields.items()
        }

    def _offered(self, listing: Listing) -> dict[str, list[tuple[Any, Any]]]:
        states = listing.kind.states.choices if listing.kind else all_states()
        allowed = sorts_of(listing.view, listing.user)
        return {
            "state": [("", _("All states")), *states],
            **(self.grades or {"priority": priority_choices()}),
            "group": [*_codes(SupportGroup, _("All groups")), ("mine", _("My groups")), (NONE, _("Not assigned"))],
            "assignee": [("", _("Everybody")), (ME, _("Me")), (NONE, _("Nobody"))],
            "business_system": _named(BusinessSystem.objects.visible_to(listing.user), _("All systems")),
            "source": _codes(Source, _("All sources")),
            "ordering": [
                (code, label)
                for code, label in (*ORDERS, *((name, label_of(name)) for name in self.grades))
                if code.removeprefix("-") in allowed
            ],
        }


class EveryFilter:
    """All filters as a form in sections, filled with those of a list."""

    def __init__(self, listing: Listing, user: User) -> None:
        self.listing = listing
        request = SimpleNamespace(user=user)
        made = TicketFilter(listing.params, queryset=Ticket.objects.visible_to(user), request=request, every=True)
        self.form = made.form
        self.form.auto_id = "every-%s"
        if listing.kind:
            self.form.fields["state"].choices = listing.kind.states.choices
        for name, field in self.form.fields.items():
            field.label = capfirst(str(field.label))
            self._dress(name, field)

    def _dress(self, name: str, field: Any) -> None:
        """The widget that suits the filter."""
        if isinstance(TicketFilter.base_filters[name], PersonFilter):  # type: ignore[misc]
            field.widget = self._found_while_typing(name, "tickets:find_people", [(ME, _("Me")), (NONE, _("Nobody"))])
        elif name == "item":
            field.widget = self._found_while_typing(name, "tickets:find_items", [])
        elif isinstance(TicketFilter.base_filters[name], MomentFilter):  # type: ignore[misc]
            field.widget = forms.DateInput(attrs={"type": "date"})
        elif isinstance(field, forms.MultipleChoiceField):
            field.widget.attrs |= {"data-select": "", "size": 4}
        elif isinstance(field, ChoiceField):
            field.empty_label = "—"

    def _found_while_typing(self, name: str, url: str, words: list[tuple[str, Any]]) -> forms.Select:
        chosen = self.listing.params.get(name, "")
        more = [(chosen, chosen)] if chosen and chosen not in dict(words) else []
        attrs = {"data-select": "", "data-url": reverse_lazy(url)}
        return forms.Select(attrs=attrs, choices=[("", "—"), *words, *more])

    @property
    def sections(self) -> Iterator[dict[str, Any]]:
        """Groups of bound fields."""
        placed = {"records", *(name for _label, names in SECTIONS for name in names)}
        of_kinds = [name for name in FILTERS if name not in placed]
        own = [
            (kind.label, [name for name in of_kinds if KIND_OF.get(name) == kind.code])
            for kind in ([self.listing.kind] if self.listing.kind else kinds())
        ]
        for label, names in (*SECTIONS, *own):
            if fields := [self.form[name] for name in names if name in self.form.fields]:
                yield {"label": label, "fields": fields}

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What else the address keeps."""
        kept = [("view", self.listing.view.code), ("ordering", self.listing.params.get("ordering", ""))]
        counted = self.listing.params.get("records", "")
        return [*kept, ("records", counted)] if counted else kept


def label_of(name: str) -> str:
    """What a filter is called."""
    found = TicketFilter.base_filters.get(name) if name in FILTERS else None  # type: ignore[misc]
    words = {"view": _("View"), "ordering": _("Order"), "saved": _("Saved view"), "kind": _("Kind")}
    return capfirst(str(found.label)) if found else words.get(name, name)


def records_label(address: str) -> str:
    """A set of records with its period, for people."""
    try:
        chosen = chosen_from(address)
    except (KeyError, ValueError):
        return address
    words = {"set": chosen.records.label, "period": period_text(chosen.span)}
    return _("%(set)s, %(period)s") % words


def shown_value(name: str, value: str, bar: FilterBar, listing: Listing) -> str:
    """What a chosen value is called: by the bar where it has it, else by the filter's own choices."""
    if name == "records":
        return records_label(value)
    field = bar.fields.get(name)
    known = {str(key): label for key, label in getattr(field, "choices", ())}
    if value not in known and listing.filter is not None and name in listing.filter.form.fields:
        own = listing.filter.form.fields[name]
        known = {str(key): label for key, label in getattr(own, "choices", ())}
    words = {ME: _("Me"), NONE: _("None")}
    return str(known.get(value) or words.get(value, value))


def told_filters(listing: Listing) -> str:
    """What a list is narrowed to, for people who have the list on paper or in a file: kind, view, every filter."""
    bar, kind = FilterBar(listing), listing.kind
    said = [(label_of("kind"), kind.label_plural)] if kind else []
    said.append((label_of("view"), listing.view.label))
    said += [
        (label_of(name), shown_value(name, value, bar, listing))
        for name, values in listing.chosen.items()
        for value in values
    ]
    return "; ".join(f"{label}: {value}" for label, value in said)
