"""A queue as a page: view, filters, order, page, counts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from cmdb.models import BusinessSystem
from itsm.paging import PagingError, page_of, parse_ordering
from itsm.widgets import PlainSelect
from tickets import clock, pages
from tickets.filters import ME, NEWEST_FIRST, NONE, SORTS, TicketFilter, all_states
from tickets.lifecycle import Kind
from tickets.models import Priority, Source
from tickets.queries import COUNTED, VIEWS, View, queue, shown_count, view_counts
from tickets.querysets import TicketQuerySet

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
#: Parameters about the panes: the ticket opened beside the queue, and that there is one.
NOT_NARROWING = ("ticket", "beside")
#: Views of work that goes on are read in the order of queues; what is over, newest first.
OVER = {"to_confirm", "all"}


def _codes(model: Any, everything: Any) -> list[tuple[str, Any]]:
    return [("", everything), *((row.code, str(row)) for row in model.objects.all())]


class ChoiceFilter(forms.ChoiceField):
    """A select of the filter bar."""

    widget = PlainSelect


class FilterBar(forms.Form):
    """The filters that stand above a queue; the names are those of ``TicketFilter``."""

    view = forms.CharField(widget=forms.HiddenInput, required=False)
    q = forms.CharField(
        label=gettext_lazy("Find in this list"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": gettext_lazy("Find in this list")}),
    )
    state = ChoiceFilter(label=gettext_lazy("State"), required=False)
    priority = ChoiceFilter(label=gettext_lazy("Priority"), required=False)
    group = ChoiceFilter(label=gettext_lazy("Group"), required=False)
    assignee = ChoiceFilter(label=gettext_lazy("Assignee"), required=False)
    business_system = ChoiceFilter(label=gettext_lazy("Business system"), required=False)
    source = ChoiceFilter(label=gettext_lazy("Source"), required=False)
    ordering = ChoiceFilter(label=gettext_lazy("Order"), required=False, choices=ORDERS)

    def __init__(self, kind: Kind | None, *args: Any, **kwargs: Any) -> None:
        kwargs["auto_id"] = "filter-%s"
        super().__init__(*args, **kwargs)
        states = kind.states.choices if kind else all_states()
        people = [("", _("Everybody")), (ME, _("Me")), (NONE, _("Nobody"))]
        choices: dict[str, list[tuple[Any, Any]]] = {
            "state": [("", _("All states")), *states],
            "priority": [("", _("All priorities")), *((p.code, f"{p.code} {p}") for p in Priority.objects.all())],
            "group": [*_codes(SupportGroup, _("All groups")), ("mine", _("My groups")), (NONE, _("Not assigned"))],
            "assignee": people,
            "business_system": _codes(BusinessSystem, _("All systems")),
            "source": _codes(Source, _("All sources")),
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]


class QueuePage:
    """What a person sees of a queue with the parameters of an address."""

    def __init__(self, request: HttpRequest, user: User, kind: Kind | None) -> None:
        self.user, self.kind, self.params = user, kind, request.GET.copy()
        for name in NOT_NARROWING:
            self.params.pop(name, None)
        self.now = clock.now()
        self.url = reverse("tickets:list", args=[kind.slug]) if kind else reverse("tickets:queue")
        self.view = self._view()
        self.bar = FilterBar(kind, {**self.params.dict(), "view": self.view.code, "ordering": self._ordering()})
        found = queue(user, self.view, self.now, kind.code if kind else None)
        self.filtered = self._narrowed(found, request)

    def _narrowed(self, found: TicketQuerySet, request: HttpRequest) -> TicketQuerySet:
        """``found`` by the filters of the address. Making them costs more than the query: only when there are any."""
        if not any(self.params.get(name) for name in TicketFilter.base_filters):
            return found
        return TicketFilter(self.params, queryset=found, request=request).qs

    def _view(self) -> View:
        """The chosen view; without a choice all when searching, else what the person does."""
        asked = self.params.get("view", "")
        if asked in VIEWS:
            return VIEWS[asked]
        if self.params.get("q"):
            return VIEWS["all"]
        works = self.user.group_ids or self.user.may(Permission.DISPATCH)
        return VIEWS["unassigned" if works and self.kind is None else "open"]

    def _ordering(self) -> str:
        asked = self.params.get("ordering", "")
        if asked.removeprefix("-") in SORTS:
            return asked
        return NEWEST_FIRST if self.view.code in OVER else "queue"

    def context(self) -> dict[str, Any]:
        """What ``tickets/_queue.html`` draws."""
        page = self._page()
        counts = view_counts(self.user, self.now, self.kind.code if self.kind else None)
        return {
            "title": self.kind.label_plural if self.kind else _("Workspace"),
            "tabs": self._tabs(counts),
            "filter": self.bar,
            "url": self.url,
            "queue_address": self._address(**self.params.dict()),
            "active": self._active(),
            "reset_url": self._address(view=self.view.code),
            "rows": pages.rows_of(page.rows, self.now),
            "previous_url": self._turn(page.previous),
            "next_url": self._turn(page.next),
            "shown": self._shown(len(page.rows), counts),
            "empty": self._empty(),
        }

    def _page(self) -> Any:
        """The page of the cursor; a stale or foreign cursor gives the first one."""
        found: TicketQuerySet = self.filtered.for_rows()
        ordering = parse_ordering(self._ordering(), SORTS)
        try:
            return page_of(found, ordering, cursor=self.params.get("cursor", ""))
        except PagingError:
            return page_of(found, ordering)

    def _address(self, **params: Any) -> str:
        query = QueryDict(mutable=True)
        query.update({key: value for key, value in params.items() if value})
        return f"{self.url}?{query.urlencode()}" if query else self.url

    def _turn(self, cursor: str | None) -> str:
        kept = {**self.params.dict(), "view": self.view.code, "cursor": cursor}
        return self._address(**kept) if cursor else ""

    def _tabs(self, counts: dict[str, int]) -> list[dict[str, Any]]:
        return [
            {
                "label": view.label,
                "url": self._address(view=code),
                "count": shown_count(counts[code]) if code in COUNTED else None,
                "active": view is self.view,
                "tone": view.tone if counts.get(code) else "",
            }
            for code, view in VIEWS.items()
        ]

    def _active(self) -> list[dict[str, Any]]:
        """Chosen filters with the address of the list without each."""
        names = [name for name in self.params if name in TicketFilter.base_filters and self.params[name]]
        return [
            {"label": self._label(name), "value": self._value(name), "remove_url": self._without(name)}
            for name in names
        ]

    def _label(self, name: str) -> Any:
        field = self.bar.fields.get(name)
        return capfirst(str(field.label if field else TicketFilter.base_filters[name].label))

    def _value(self, name: str) -> Any:
        value = self.params[name]
        field = self.bar.fields.get(name)
        return dict(getattr(field, "choices", ())).get(value, value)

    def _without(self, name: str) -> str:
        return self._address(**{k: v for k, v in self.params.dict().items() if k not in (name, "cursor")})

    def _shown(self, count: int, counts: dict[str, int]) -> str:
        if self._active() or self.view.code not in counts:
            return _("%(count)d shown") % {"count": count}
        total = shown_count(counts[self.view.code])
        return _("%(count)d of %(total)s") % {"count": count, "total": total}

    def _empty(self) -> dict[str, Any]:
        """What stands where nothing is."""
        if self._active():
            return {
                "title": _("Nothing matches these filters"),
                "text": "",
                "url": self._address(view=self.view.code),
                "label": _("Remove all"),
                "icon": "filter-off",
            }
        return {
            "title": _("Nothing here"),
            "text": _("Tickets of the view “%(view)s” appear here.") % {"view": self.view.label},
            "url": self._address(view="open") if self.view.code != "open" else "",
            "label": _("All open"),
            "icon": "mood-smile",
        }
