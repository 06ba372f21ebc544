"""A list of tickets as an address names it: view, filters, order. Page, count, export, API and bulk actions read the
same definition, so that none of them shows another list (lessons.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from types import SimpleNamespace
from typing import cast

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from itsm.web.filtering import filled
from itsm.web.paging import Ordering, PagingError, parse_ordering
from tickets.figures.records import Chosen
from tickets.lifecycle import Kind, kind_of
from tickets.models import SavedView, Ticket
from tickets.querysets import TicketQuerySet
from tickets.queues.filters import FILTERS, NEWEST_FIRST, TicketFilter, filters_for, sorts_for
from tickets.queues.queries import VIEWS, View, queue

#: Views of work that goes on are read in the order of queues; what is over, newest first.
OVER = {"to_confirm", "confirmed", "follow_up", "all"}
#: What an index answers among all tickets there ever were; sorting a million of them takes too long for a page.
EVERYTHING_BY = ("created_at", "updated_at", "number")
#: Parameters of an address that say how the list looks or where one is in it, not what is in it.
LOOKS = frozenset({"layout", "columns", "cursor", "part", "ticket", "beside", "saved"})


def sorts_of(view: View, user: User) -> dict[str, Ordering]:
    """What ``user`` can sort ``view`` by in a page. The API sorts by all that they may read, and says so."""
    known = sorts_for(user)
    return {name: known[name] for name in EVERYTHING_BY} if view.code == "all" else known


class Listing:
    """The list that ``params`` name for ``user``: of one ``kind``, or of all.

    ``errors``: what in the parameters cannot be understood, by parameter; then the list is empty, never the whole.
    ``saved``: the saved view that they name; ``is_changed``: the address says something else than it does.
    """

    def __init__(
        self,
        params: QueryDict,
        *,
        user: User,
        now: datetime,
        kind: Kind | None = None,
        views: Iterable[SavedView] | None = None,
        start: str = "",
    ) -> None:
        self.user, self.now, self.kind = user, now, kind
        self.errors: dict[str, list[str]] = {}
        self.saved = self._saved(params, views, start)
        if self.saved and self.saved.kind and kind is None:
            self.kind = kind_of(self.saved.kind)
        self.params = self._merged(params)
        self.view = self._view(start)
        self.ordering = self._ordering()

    def _saved(self, params: QueryDict, views: Iterable[SavedView] | None, start: str) -> SavedView | None:
        """The saved view of the address; of the person's start when the address names no view."""
        code = params.get("saved", "")
        if not code and start.startswith("saved:") and not ({"view", "q"} & set(params)):
            code, given = start.removeprefix("saved:"), False
        else:
            given = bool(code)
        if not code:
            return None
        known = SavedView.objects.visible_to(self.user) if views is None else views
        found = next((view for view in known if view.code == code), None)
        if found is None and given:
            self.errors["saved"] = [_("There is no such view, or it is not meant for you.")]
        return found

    def _merged(self, params: QueryDict) -> QueryDict:
        """View, filters and order: what the address says, all of it; those of the saved view when it says nothing."""
        merged = filled(params)
        for name in LOOKS:
            merged.pop(name, None)
        self.is_changed = bool(merged and self.saved and merged != self.saved.query)
        return merged or (self.saved.query if self.saved else merged)

    def _view(self, start: str) -> View:
        """The chosen view; without a choice all when searching, else the person's start, else what they do."""
        asked = self.params.get("view", "")
        if asked and asked not in VIEWS:
            self.errors["view"] = [_("There is no such view, or it is not meant for you.")]
        if asked in VIEWS:
            return VIEWS[asked]
        if self.saved:
            return VIEWS["open"]
        if self.params.get("q"):
            return VIEWS["all"]
        if start in VIEWS and self.kind is None:
            return VIEWS[start]
        works = self.user.group_ids or self.user.may(Permission.DISPATCH)
        return VIEWS["unassigned" if works and self.kind is None else "open"]

    def _ordering(self) -> str:
        asked, sorts = self.params.get("ordering", ""), sorts_of(self.view, self.user)
        usual = NEWEST_FIRST if self.view.code in OVER or "queue" not in sorts else "queue"
        if not asked:
            return usual
        try:
            parse_ordering(asked, sorts)
        except PagingError as error:
            self.errors["ordering"] = [str(error)]
            return usual
        return asked

    @property
    def columns_to_sort_by(self) -> Ordering:
        """``ordering`` as ``itsm.web.paging`` takes it."""
        return parse_ordering(self.ordering, sorts_of(self.view, self.user))

    @property
    def chosen(self) -> dict[str, list[str]]:
        """The filters that narrow the view, with their values."""
        return {name: values for name, values in self.params.lists() if name in FILTERS}

    @cached_property
    def filter(self) -> TicketFilter | None:
        """The filters, checked: what is wrong with them stands in ``errors``. None where there are none."""
        if not self.chosen:
            return None
        found = queue(self.user, self.view, self.now, self.kind.code if self.kind else None)
        checked = TicketFilter(self.params, queryset=found, request=SimpleNamespace(user=self.user))
        for name, texts in checked.errors.items():
            self.errors[name] = [str(text) for text in texts]
        return checked

    @property
    def counted(self) -> Chosen | None:
        """The set of a figure that the filters name; None without one, and where something in the address is wrong."""
        return None if self.errors or not self.filter else self.filter.form.cleaned_data.get("records")

    @cached_property
    def rows(self) -> TicketQuerySet:
        """The tickets, not in order yet; none of them when something in the address is wrong."""
        narrowed = self.filter
        unknown = set(self.params) - {*filters_for(self.user), "view", "ordering"}
        if unknown:
            self.errors |= {name: [_("There is no such filter.")] for name in unknown}
        if self.errors:
            return Ticket.objects.none()  # visible to nobody
        if narrowed is None:
            return queue(self.user, self.view, self.now, self.kind.code if self.kind else None)
        return cast(TicketQuerySet, narrowed.qs)


def rows_of_saved(view: SavedView, user: User, now: datetime, kind: Kind | None = None) -> TicketQuerySet:
    """The tickets of a saved view for counting: its parameters were checked when it was stored, so no query is run."""
    query = view.query
    code = kind.code if kind else view.kind
    found = queue(user, VIEWS[query.get("view") or "open"], now, code or None)
    narrowed = TicketFilter(query, queryset=found, request=SimpleNamespace(user=user), trusted=True)
    return cast(TicketQuerySet, narrowed.qs)


def checked_params(params: Mapping[str, list[str]], user: User, now: datetime, kind: Kind | None = None) -> Listing:
    """The list of ``params`` (as in ``SavedView``), for checking them before they are stored."""
    query = QueryDict(mutable=True)
    for name, values in params.items():
        query.setlist(name, list(values))
    return Listing(query, user=user, now=now, kind=kind, views=())
