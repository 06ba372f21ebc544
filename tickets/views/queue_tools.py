"""What stands around a queue: all its filters, its look, the views that people keep."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.preferences import store_preferences
from tickets import clock
from tickets.lifecycle import Kind
from tickets.models import SavedView
from tickets.queues.columns import offered_columns
from tickets.queues.filter_forms import EveryFilter
from tickets.queues.listing import Listing
from tickets.queues.lists import CARDS, ROOM, TABLE
from tickets.queues.queries import VIEWS
from tickets.queues.saved_view_forms import SavedViewForm, move_view, replace_list


class StaffView(SignedInView):
    """Base: queues are for those who work on tickets."""

    def dispatch(self, request: SignedInRequest, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Refuse everybody else."""
        if request.user.is_authenticated and not request.user.is_agent:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def list_of(request: SignedInRequest, data: QueryDict) -> tuple[str, Kind | None, QueryDict]:
    """(address, kind, parameters) of the list that ``of`` and ``query`` name. Raises Http404 for another page."""
    url = data.get("of") or reverse("tickets:queue")
    try:
        match = resolve(url)
    except Resolver404 as error:
        raise Http404 from error
    if match.view_name not in ("tickets:queue", "tickets:list"):
        raise Http404
    return url, match.kwargs.get("kind"), QueryDict(data.get("query", ""))


class FiltersView(StaffView):
    """Every filter as a form."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it, filled with those of the list."""
        url, kind, query = list_of(request, request.GET)
        listing = Listing(query, user=request.user, now=clock.now(), kind=kind)
        context = {"every": EveryFilter(listing, request.user), "url": url, "looks": _looks(query)}
        return render(request, "tickets/_filters.html" if is_htmx(request) else "tickets/filters.html", context)


def _looks(query: QueryDict) -> list[tuple[str, str]]:
    return [(name, str(query[name])) for name in ("layout", "columns", "saved") if query.get(name)]


class SettingsView(StaffView):
    """How the own queues look: layout, columns."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Keep the choice and show the list so."""
        url, kind, query = list_of(request, request.POST)
        query = query.copy()
        layout = request.POST.get("layout", "")
        if layout in (CARDS, TABLE):
            query["layout"] = layout
            store_preferences(request.user, ROOM, layout=layout)
        if "columns" in request.POST:
            offered = offered_columns(request.user)
            columns = [code for code in request.POST.getlist("columns") if code in offered]
            kept = request.user.preferences.get(ROOM, {}).get("columns", ())
            others = [code for code in kept if kind and code in offered and offered[code].kind not in ("", kind.code)]
            store_preferences(request.user, ROOM, columns=[*columns, *others] if columns else None)
            query["columns"] = ",".join(columns)
        return back_to(request, f"{url}?{query.urlencode()}")


def back_to(request: SignedInRequest, url: str) -> HttpResponse:
    """Go to a list; with scripts the event ``queue`` turns the pane alone (static/js/bulk.js)."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"queue": {"url": url}})})
    return redirect(url)


class ViewsView(StaffView):
    """The views that a person sees as tabs."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them: to rename, move, delete, to start with, and shipped ones to hide."""
        chosen = request.user.preferences.get(ROOM, {})
        context = {
            "views": [shown(view, request.user, chosen) for view in SavedView.objects.visible_to(request.user)],
            "shipped": [
                {"code": code, "label": view.label, "on": code not in chosen.get("hidden", ())}
                for code, view in VIEWS.items()
            ],
            "start": chosen.get("start", ""),
        }
        return render(request, "tickets/views.html", context)

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Store which shipped ones are shown and what one starts with; or keep a list as a new view."""
        if "name" in request.POST:
            return self._create(request)
        shown_ones = set(request.POST.getlist("shown"))
        start = request.POST.get("start", "")
        known = {*VIEWS, *(f"saved:{view.pk}" for view in SavedView.objects.visible_to(request.user))}
        hidden = [code for code in VIEWS if code not in shown_ones]
        store_preferences(request.user, ROOM, hidden=hidden or None, start=start if start in known else None)
        messages.success(request, _("Your tabs are saved."))
        return redirect("tickets:views")

    def _create(self, request: SignedInRequest) -> HttpResponse:
        url, kind, _query = list_of(request, request.POST)
        form = SavedViewForm(request.POST, user=request.user, now=clock.now(), kind=kind)
        if not form.is_valid():
            return draw_new(request, form, url, status=422)
        view = form.keep()
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
        return redirect(f"{url}?saved={view.pk}")


class NewViewView(StaffView):
    """Keeping a list as a view."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Ask for the name, and for whom."""
        url, kind, query = list_of(request, request.GET)
        saved = SavedView.objects.visible_to(request.user).filter(pk=query.get("saved") or 0).first()
        form = SavedViewForm(user=request.user, now=clock.now(), kind=kind, initial={"query": query.urlencode()})
        return draw_new(request, form, url, saved=saved if saved and saved.may_change(request.user) else None)


def draw_new(
    request: SignedInRequest, form: SavedViewForm, url: str, status: int = 200, saved: Any = None
) -> HttpResponse:
    """The form, in place or as a page; ``saved`` may take the list instead of a new view."""
    template = "tickets/_new_view.html" if is_htmx(request) else "tickets/new_view.html"
    return render(request, template, {"form": form, "url": url, "saved": saved}, status=status)


class SavedViewView(StaffView):
    """One saved view: renaming, moving, deleting, letting it hold another list."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Do what the button says; only for those who may."""
        view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
        if not view.may_change(request.user):
            raise PermissionDenied
        doing = {"rename": self._rename, "up": self._up, "down": self._down, "delete": self._delete}
        do = request.POST.get("do", "")
        if do == "update":
            return self._update(request, view)
        doing.get(do, self._rename)(view)
        return redirect("tickets:views")

    def _rename(self, view: SavedView) -> None:
        name = self.request.POST.get("name", "").strip()[:60]
        if name:
            SavedView.objects.filter(pk=view.pk).update(name=name)

    def _up(self, view: SavedView) -> None:
        move_view(view, self.request.user, -1)

    def _down(self, view: SavedView) -> None:
        move_view(view, self.request.user, 1)

    def _delete(self, view: SavedView) -> None:
        view.delete()
        messages.success(self.request, _("The view “%(name)s” is removed.") % {"name": view.name})

    def _update(self, request: SignedInRequest, view: SavedView) -> HttpResponse:
        url, kind, query = list_of(request, request.POST)
        listing = Listing(query, user=request.user, now=clock.now(), kind=kind)
        if listing.rows is None or listing.errors:
            messages.error(request, _("Something in the address of this list cannot be understood."))
            return redirect(url)
        replace_list(view, listing, query, request.user)
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
        return redirect(f"{url}?saved={view.pk}")


def shown(view: SavedView, user: Any, chosen: dict[str, Any]) -> dict[str, Any]:
    """What the page of views shows of one."""
    audience = _("For everybody") if view.everyone else str(view.group) if view.group else _("For me")
    return {
        "pk": view.pk,
        "name": view.name,
        "url": f"{reverse('tickets:queue')}?saved={view.pk}",
        "audience": audience,
        "mine": view.may_change(user),
        "start": f"saved:{view.pk}",
        "is_start": chosen.get("start") == f"saved:{view.pk}",
    }
