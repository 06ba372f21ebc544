"""Keeping a list as a view: what is asked, for pages and API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Max
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from tickets.lifecycle import Kind
from tickets.models import SavedView
from tickets.queues.columns import offered_columns
from tickets.queues.listing import LOOKS, Listing
from tickets.queues.saved_views import groups_to_keep_for

MINE, EVERYBODY = "me", "everybody"
GROUP = "group:"
#: More tabs than this nobody oversees, and every one of them is counted.
MAX_VIEWS = 30


def audiences(user: User) -> list[tuple[str, Any]]:
    """For whom ``user`` may keep views: (code, label)."""
    found: list[tuple[str, Any]] = [(MINE, _("For me"))]
    found += [
        (f"{GROUP}{group.code}", _("For the group %(group)s") % {"group": group}) for group in groups_to_keep_for(user)
    ]
    if user.may(Permission.ADMIN):
        found.append((EVERYBODY, _("For everybody")))
    return found


class SavedViewForm(forms.Form):
    """A name, for whom, and the list as its address has it. ``kind``: of which kind, None for all."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, widget=forms.TextInput(attrs={"autofocus": True})
    )
    audience = forms.ChoiceField(label=gettext_lazy("For whom"), required=False)
    query = forms.CharField(
        label=gettext_lazy("Filters, as in the address of the list"), required=False, max_length=4000
    )

    def __init__(self, *args: Any, user: User, now: datetime, kind: Kind | None = None, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
        self.user, self.now, self.kind = user, now, kind
        self.fields["audience"].choices = audiences(user)  # type: ignore[attr-defined]

    def clean_query(self) -> QueryDict:
        """The list, checked as a list is."""
        query = QueryDict(self.cleaned_data["query"].lstrip("?"))
        listing = Listing(query, user=self.user, now=self.now, kind=self.kind)
        _rows = listing.rows
        if listing.errors:
            raise forms.ValidationError([text for texts in listing.errors.values() for text in texts])
        self.listing = listing
        return query

    def clean(self) -> dict[str, Any]:
        """Only so many views for one person."""
        cleaned = super().clean() or {}
        if SavedView.objects.visible_to(self.user).count() >= MAX_VIEWS:
            self.add_error("name", _("There are %(count)d views already; remove one first.") % {"count": MAX_VIEWS})
        return cleaned

    def keep(self) -> SavedView:
        """Store it as the last of the tabs."""
        view = SavedView(name=self.cleaned_data["name"], created_by=self.user)
        take_list(view, self.listing, self.cleaned_data["query"], self.user)
        take_audience(view, self.cleaned_data["audience"] or MINE, self.user)
        last = SavedView.objects.visible_to(self.user).aggregate(last=Max("position"))["last"]
        view.position = 0 if last is None else last + 1
        view.save()
        return view


def take_list(view: SavedView, listing: Listing, query: QueryDict, user: User) -> None:
    """Let ``view`` hold what ``listing`` shows, and how its address says that it looks."""
    view.kind = listing.kind.code if listing.kind else ""
    view.params = {name: values for name, values in listing.params.lists() if name not in LOOKS}
    view.params["view"] = [listing.view.code]
    view.layout = query.get("layout", "") if query.get("layout", "") in SavedView.Layout.values else ""
    offered = offered_columns(user)
    view.columns = [code for code in query.get("columns", "").split(",") if code in offered]


def take_audience(view: SavedView, audience: str, user: User) -> None:
    """Let ``view`` be for ``audience``, one of ``audiences``."""
    view.owner, view.group, view.everyone = None, None, audience == EVERYBODY
    if audience.startswith(GROUP):
        view.group = groups_to_keep_for(user).get(code=audience.removeprefix(GROUP))
    elif not view.everyone:
        view.owner = user


def replace_list(view: SavedView, listing: Listing, query: QueryDict, user: User) -> None:
    """Let ``view`` hold another list from now on."""
    take_list(view, listing, query, user)
    view.save(update_fields=["kind", "params", "layout", "columns"])


def move_view(view: SavedView, user: User, step: int) -> None:
    """Move ``view`` by ``step`` among those that ``user`` may change, and number them anew."""
    mine = [other for other in SavedView.objects.visible_to(user) if other.may_change(user)]
    here = next((number for number, other in enumerate(mine) if other.pk == view.pk), None)
    if here is None:
        return
    there = min(max(here + step, 0), len(mine) - 1)
    mine.insert(there, mine.pop(here))
    for number, other in enumerate(mine):
        if other.position != number:
            SavedView.objects.filter(pk=other.pk).update(position=number)
