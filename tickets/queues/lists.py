"""A queue as a page: tabs with counts, filters, layout, page of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.permissions import Permission
from itsm.web.paging import Page, PagingError, page_of
from tickets import clock
from tickets.lifecycle import Kind
from tickets.models import SavedView, Ticket
from tickets.querysets import TicketQuerySet
from tickets.queues.columns import ListColumn, chosen_columns, offered_columns, usual_columns, with_columns
from tickets.queues.filter_forms import FilterBar, label_of, shown_value
from tickets.queues.limits import Chip, chip_of
from tickets.queues.listing import Listing, rows_of_saved, sorts_of
from tickets.queues.queries import COUNTED, VIEWS, counts_of, queue, shown_count
from tickets.workspace import pages

#: The room of a person's preferences.
ROOM = "queue"
CARDS, TABLE = SavedView.Layout.CARDS.value, SavedView.Layout.TABLE.value


@dataclass(frozen=True)
class TableRow:
    """A line of the table; ``cells`` as ``tickets/_table.html`` draws them: (kind, label, value)."""

    number: str
    title: str
    url: str
    version: int
    priority: str
    chip: Chip
    cells: list[tuple[str, Any, Any]]


def table_row(ticket: Ticket, columns: list[ListColumn], now: datetime) -> TableRow:
    """The line of ``ticket`` with ``columns``."""
    return TableRow(
        number=ticket.number,
        title=ticket.summary,
        url=reverse("tickets:detail", args=[ticket.number]),
        version=ticket.version,
        priority=ticket.priority.code.lower() if ticket.priority else "",
        chip=chip_of(ticket, now),
        cells=[(_kind_of(column, value := column.value(ticket)), column.label, value) for column in columns],
    )


def _kind_of(column: ListColumn, value: Any) -> str:
    """How a value is drawn."""
    if column.code in ("number", "summary", "due_at"):
        return column.code
    if isinstance(value, bool):
        return "truth"
    return "moment" if isinstance(value, datetime) else "text"


class QueuePage:
    """What a person sees of a queue with the parameters of an address."""

    def __init__(self, request: HttpRequest, user: User, kind: Kind | None) -> None:
        self.user, self.kind, self.asked = user, kind, request.GET
        self.now = clock.now()
        self.url = reverse("tickets:list", args=[kind.slug]) if kind else reverse("tickets:queue")
        self.chosen_by_person: dict[str, Any] = user.preferences.get(ROOM, {})
        self.views = [
            view for view in SavedView.objects.visible_to(user) if kind is None or view.kind in ("", kind.code)
        ]
        start = "" if kind else self.chosen_by_person.get("start", "")
        self.listing = Listing(self.asked, user=user, now=self.now, kind=kind, views=self.views, start=start)
        self.found = self.listing.rows
        self.bar = FilterBar(self.listing)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What in the address cannot be understood, with the address without it."""
        return [
            {"label": label_of(name), "message": " ".join(texts), "remove_url": self._without(name)}
            for name, texts in self.listing.errors.items()
        ]

    @cached_property
    def layout(self) -> str:
        """Cards or table: of the address, else of the saved view, else what the person chose."""
        saved = self.listing.saved.layout if self.listing.saved else ""
        found = self.asked.get("layout", "") or saved or self.chosen_by_person.get("layout", CARDS)
        return found if found in (CARDS, TABLE) else CARDS

    @cached_property
    def columns(self) -> list[ListColumn]:
        """The table's columns: of the address, else of the saved view, else what the person chose."""
        saved = self.listing.saved.columns if self.listing.saved else []
        asked = self.asked.get("columns", "").split(",") if self.asked.get("columns") else []
        own = self.chosen_by_person.get("columns") or usual_columns(self.kind)
        return chosen_columns(asked or saved or own, self.user, kind=self.kind)

    def context(self) -> dict[str, Any]:
        """What ``tickets/_queue.html`` draws."""
        counts = self._counts()
        return {
            "title": self.kind.label_plural if self.kind else _("Workspace"),
            "tabs": self._tabs(counts),
            "filter": self.bar,
            "hidden": self._hidden(),
            "url": self.url,
            "queue_address": self._address(self._looks(cursor=self.asked.get("cursor", ""))),
            "active": self._active(),
            "errors": self.errors,
            "reset_url": self._address({"view": self.listing.view.code}),
            "tools": self._tools(),
            "shown": self._shown(counts),
            "counted": self._counted(counts),
            "empty": self._empty(),
            "ordered": self.listing.ordering == "queue",
            **self.rows_context(),
        }

    def rows_context(self) -> dict[str, Any]:
        """What ``tickets/_rows.html`` draws: the lines of this page, and where the next ones are."""
        page = self._page()
        return {
            "layout": self.layout,
            "head": self._head() if self.layout == TABLE else [],
            "rows": self._rows(page),
            "previous_url": self._turn(page.previous),
            "next_url": self._turn(page.next),
            "more_url": self._turn(page.next, part="rows"),
        }

    def _rows(self, page: Page[Ticket]) -> list[Any]:
        if self.layout == TABLE:
            return [table_row(ticket, self.columns, self.now) for ticket in page.rows]
        return pages.rows_of(page.rows, self.now)

    def _page(self) -> Page[Ticket]:
        """The page of the cursor; a stale or foreign cursor gives the first one."""
        found = with_columns(self.found, self.columns) if self.layout == TABLE else self.found.for_rows()
        ordering = self.listing.columns_to_sort_by
        try:
            return page_of(found, ordering, cursor=self.asked.get("cursor", ""))
        except PagingError:
            return page_of(found, ordering)

    # --- Counts and tabs ---------------------------------------------------------------------------------------

    def _counts(self) -> dict[str, int]:
        """How many tickets each tab has, and this list, in one statement.

        Of all tickets there ever were only what an index gives is counted: reading them all takes too long.
        """
        code = self.kind.code if self.kind else None
        wanted: dict[str, TicketQuerySet] = {
            name: queue(self.user, VIEWS[name], self.now, code) for name in COUNTED if name not in self._hidden_tabs
        }
        wanted |= {view.code: rows_of_saved(view, self.user, self.now, self.kind) for view in self.views}
        counted = "records" in self.listing.params and not self.listing.errors
        if not (counted or self.listing.errors or (self.listing.view.code == "all" and self.listing.chosen)):
            wanted["shown"] = self.found
        counts = counts_of(wanted)
        return counts | {"shown": self.found.order_by().count()} if counted else counts

    @cached_property
    def _hidden_tabs(self) -> set[str]:
        """Shipped tabs that the person does not need; never the one that is shown."""
        hidden = set(self.chosen_by_person.get("hidden", ())) & set(VIEWS)
        if self.kind is not None and self.kind.views is not None:
            hidden |= set(VIEWS) - set(self.kind.views)
        return hidden - ({self.listing.view.code} if self.listing.saved is None else set())

    def _tabs(self, counts: dict[str, int]) -> list[dict[str, Any]]:
        saved = self.listing.saved
        shipped = [
            {
                "code": code,
                "label": view.label,
                "url": self._address({"view": code}),
                "count": shown_count(counts[code]) if code in counts else None,
                "active": view is self.listing.view and saved is None,
                "tone": view.tone if counts.get(code) else "",
                "alarm": view.tone,
            }
            for code, view in VIEWS.items()
            if code not in self._hidden_tabs
        ]
        own = [
            {
                "code": f"saved-{view.code}",
                "label": view.name,
                "url": self._address({"saved": view.code}),
                "count": shown_count(counts[view.code]),
                "active": saved is not None and view.pk == saved.pk,
                "tone": "",
                "hint": _audience(view),
            }
            for view in self.views
        ]
        return [*shipped, *own]

    def _shown(self, counts: dict[str, int]) -> str:
        """How many tickets the list has, at its head; empty when nobody counted them."""
        if "shown" not in counts:
            return ""
        count = counts["shown"]
        total = count if "records" in self.listing.params else shown_count(count)  # a figure is its number of records
        return ngettext("%(total)s ticket", "%(total)s tickets", count) % {"total": total}

    def _counted(self, counts: dict[str, int]) -> dict[str, Any] | None:
        """As of when a figure counted these tickets, how many more or fewer they are by now, and the list of these.

        None for what is no figure's list, and where its period was over when it was counted.
        """
        chosen = self.listing.counted
        if chosen is None or not chosen.span.at < min(chosen.span.end, self.now):
            return None
        of_now = replace(chosen, span=replace(chosen.span, at=self.now)).address
        params = self.listing.params.copy()
        params["records"] = of_now
        listing = Listing(params, user=self.user, now=self.now, kind=self.kind, views=self.views)
        change = listing.rows.order_by().count() - counts["shown"]
        return {"at": chosen.span.at, "change": f"{change:+,}" if change else "", "url": self._with(records=[of_now])}

    # --- Addresses ---------------------------------------------------------------------------------------------

    def _address(self, params: dict[str, Any] | QueryDict) -> str:
        lists = params.lists() if isinstance(params, QueryDict) else [(k, [v]) for k, v in params.items()]
        kept = [(name, value) for name, values in lists for value in values if value]
        return f"{self.url}?{urlencode(kept)}" if kept else self.url

    def _looks(self, **more: str) -> QueryDict:
        """The address of this list, with its look; ``more`` parameters replace or add."""
        query = self.listing.params.copy()
        query.setdefault("view", self.listing.view.code)
        if self.listing.saved:
            if not self.listing.is_changed:
                query = QueryDict(mutable=True)
            query["saved"] = self.listing.saved.code
        for name, value in {**{n: self.asked.get(n, "") for n in ("layout", "columns")}, **more}.items():
            query[name] = value
        return query

    def _turn(self, cursor: str | None, **more: str) -> str:
        return self._address(self._looks(cursor=cursor, **more)) if cursor else ""

    def _with(self, **changes: Any) -> str:
        """The address of this list with other filters or order; it is no longer exactly the saved view."""
        query = self._looks(cursor="")
        for name, values in self.listing.params.lists():
            query.setlist(name, values)
        query["view"] = self.listing.view.code
        for name, values in changes.items():
            query.setlist(name, values)
        return self._address(query)

    def _without(self, name: str, value: str | None = None) -> str:
        left = [] if value is None else [other for other in self.listing.params.getlist(name) if other != value]
        return self._with(**{name: left})

    def _hidden(self) -> list[tuple[str, str]]:
        """What a submitted filter bar keeps, beside its own fields."""
        query = self._looks(cursor="")
        for name, values in self.listing.params.lists():
            query.setlist(name, values)
        query["view"] = self.listing.view.code
        return [(n, v) for n, values in query.lists() if n not in self.bar.fields for v in values if v]

    def _active(self) -> list[dict[str, Any]]:
        """Chosen filters, each value with the address of the list without it."""
        return [
            {
                "label": label_of(name),
                "value": shown_value(name, value, self.bar, self.listing),
                "remove_url": self._without(name, value),
            }
            for name, values in self.listing.chosen.items()
            if name not in self.listing.errors
            for value in values
        ]

    def _head(self) -> list[dict[str, Any]]:
        """The table's head; what the view can be sorted by is a link."""
        allowed = sorts_of(self.listing.view, self.user)
        return [
            {
                "code": column.code,
                "label": column.label,
                "url": self._with(ordering=[self._turned(column.sort)]) if column.sort in allowed else "",
                "sorted": self._direction(column.sort),
            }
            for column in self.columns
        ]

    def _direction(self, sort: str) -> str:
        names = {sort: "ascending", f"-{sort}": "descending"}
        return names.get(self.listing.ordering.partition(",")[0], "") if sort else ""

    def _turned(self, sort: str) -> str:
        return f"-{sort}" if self._direction(sort) == "ascending" else sort

    # --- What stands around the list ---------------------------------------------------------------------------

    def _tools(self) -> dict[str, Any]:
        """What can be done with the list as a whole."""
        query = self._looks(cursor="").urlencode()
        full = QueryDict(mutable=True)
        for name, values in self.listing.params.lists():
            full.setlist(name, values)
        full["view"] = self.listing.view.code
        if self.listing.kind:
            full["kind"] = self.listing.kind.code
        ticked = {column.code for column in self.columns}
        return {
            "layout": self.layout,
            "kind": self.kind.code if self.kind else "",
            "query": query,
            "filters_url": f"{reverse('tickets:filters')}?{urlencode({'of': self.url, 'query': query})}",
            "save_url": f"{reverse('tickets:new_view')}?{urlencode({'of': self.url, 'query': query})}",
            "export_url": self._export_url(full) if self.user.may(Permission.EXPORT) else "",
            "full_query": full.urlencode(),
            "columns": [
                {"code": code, "label": column.label, "ticked": code in ticked}
                for code, column in self._columns_in_order().items()
            ],
            "url": self.url,
        }

    def _columns_in_order(self) -> dict[str, ListColumn]:
        """Those shown first, as they are shown, then the others."""
        shown = {column.code: column for column in self.columns}
        return {**shown, **offered_columns(self.user, kind=self.kind)}

    def _export_url(self, full: QueryDict) -> str:
        codes = ",".join(column.code for column in self.columns)
        query = f"{full.urlencode()}&{urlencode({'columns': codes})}"
        return pages.export_address("tickets", query)

    def _empty(self) -> dict[str, Any]:
        """What stands where nothing is."""
        if self.errors:
            return pages.not_understood()
        if self.listing.chosen:
            return {
                "title": _("Nothing matches these filters"),
                "text": "",
                "url": self._address({"view": self.listing.view.code}),
                "label": _("Remove all"),
                "icon": "filter-off",
            }
        return {
            "title": _("Nothing here"),
            "text": _("Tickets of the view “%(view)s” appear here.") % {"view": self.listing.view.label},
            "url": self._address({"view": "open"}) if self.listing.view.code != "open" else "",
            "label": _("All open"),
            "icon": "mood-smile",
        }


def _audience(view: SavedView) -> str:
    """Whose view it is, when not one's own."""
    if view.everyone:
        return _("for everybody")
    return str(view.group) if view.group else ""
