"""Pages that compare: a list or saved query, a service with all beneath it, at two moments; baselines; paths."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from cmdb.asking.differences import SHOWN, Differences, beneath, between
from cmdb.asking.forms import BaselineForm
from cmdb.authority import may_correct
from cmdb.definitions import Definitions
from cmdb.listing import ItemList
from cmdb.models import Baseline, ConfigurationItem
from cmdb.network import impact
from cmdb.network.answers import allowed_for
from cmdb.network.reading import graph_at
from cmdb.pages import item_url, seen_items
from cmdb.versioning.moments import Moment, MomentError, read_moment
from cmdb.views.items import CmdbView, find_item, keep_out, moment_of

SIDES = ("first", "second")


def moments_in(params: QueryDict) -> tuple[tuple[Moment, Moment], dict[str, str]]:
    """The two moments that an address names, by day or baseline, and by parameter what cannot be understood."""
    found: list[Moment] = []
    errors: dict[str, str] = {}
    for side in SIDES:
        name = params.get(f"{side}_baseline", "")
        baseline = (
            Baseline.objects.filter(pk=name).first() if name.isascii() and name.isdigit() and len(name) < 10 else None
        )
        if name and baseline is None:  # it would be compared with now, and differ in nothing
            errors[f"{side}_baseline"] = _("There is no baseline “%(value)s”.") % {"value": name[:60]}
        if baseline:
            found.append(Moment(baseline.at, baseline.at))
            continue
        try:
            found.append(read_moment({key: params.get(f"{side}_{key}", "") for key in ("as_of", "known_at")}))
        except MomentError as error:
            found.append(Moment())
            errors[f"{side}_{error.parameter}"] = str(error)
    return (found[0], found[1]), errors


def draw_comparison(request: SignedInRequest, title: str, back: str, compare: Any) -> HttpResponse:
    """The page with both moments and what ``compare`` finds between them; what else the address says is kept."""
    moments, errors = moments_in(request.GET)
    asked = any(request.GET.get(f"{side}_{name}") for side in SIDES for name in ("as_of", "known_at", "baseline"))
    found: Differences | None = compare(moments) if asked and not errors else None
    sides = [
        {"side": side, "moment": moment, "baseline": request.GET.get(f"{side}_baseline", "")}
        for side, moment in zip(SIDES, moments, strict=True)
    ]
    context = {
        "title": title,
        "back": back,
        "sides": sides,
        "errors": errors.values(),
        "found": found,
        "shown": SHOWN,
        "baselines": Baseline.objects.all()[:100],
        "hidden": [(n, v) for n, values in request.GET.lists() if not n.startswith(SIDES) for v in values],
    }
    return render(request, "cmdb/compare_sets.html", context, status=422 if errors else 200)


class CompareListsView(CmdbView):
    """What a list or a saved query finds, at two moments."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Ask for the moments, and show in what both differ."""
        params = request.GET.copy()
        for name in [name for name in params if name.startswith(SIDES)]:
            params.pop(name)
        listing = ItemList(params, request.user)
        title = listing.query.name if listing.query else _("Configuration items")

        def compare(moments: tuple[Moment, Moment]) -> Differences:
            first, second = (self._keys(request, params, moment) for moment in moments)
            return between(first, second, moments, request.user)

        return draw_comparison(request, title, listing.address(), compare)

    @staticmethod
    def _keys(request: SignedInRequest, params: QueryDict, moment: Moment) -> set[int]:
        then = params.copy()
        then.update(moment.query())
        return set(ItemList(then, request.user).rows.values_list("pk" if moment.is_now else "item_id", flat=True))


class BeneathView(CmdbView):
    """An item with everything it rests on, at two moments."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Ask for the moments, and show in what both differ."""
        item = find_item(request.user, pk)

        def compare(moments: tuple[Moment, Moment]) -> Differences:
            first, second = (beneath(pk, moment, request.user) for moment in moments)
            return between(first, second, moments, request.user)

        title = _("%(item)s with all beneath it") % {"item": item.name}
        return draw_comparison(request, title, reverse("cmdb:item", args=[pk]), compare)


class BaselinesView(CmdbView):
    """Moments under names; whoever manages the configuration names them."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        return self._draw(request, BaselineForm())

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Name one."""
        keep_out(request.user, may_correct(request.user))
        form = BaselineForm(request.POST)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        made = form.save(commit=False)
        made.at, made.by = made.at or timezone.now(), request.user
        made.save()
        messages.success(request, _("The baseline is kept."))
        return redirect("cmdb:baselines")

    @staticmethod
    def _draw(request: SignedInRequest, form: BaselineForm, status: int = 200) -> HttpResponse:
        rows = Baseline.objects.select_related("by")[:200]
        context = {"rows": rows, "form": form, "may_manage": may_correct(request.user)}
        return render(request, "cmdb/baselines.html", context, status=status)


class PathPage(CmdbView):
    """How two items hang together, at any moment."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """The shortest way between two identifiers."""
        moment = moment_of(request)
        names = [request.GET.get(end, "").strip() for end in ("from", "to")]
        visible = ConfigurationItem.objects.visible_to(request.user)
        ends = [visible.filter(identifier=name).first() if name else None for name in names]
        unknown = [name for name, end in zip(names, ends, strict=True) if name and end is None]
        found = self._found(request, ends[0].pk, ends[1].pk, moment) if ends[0] and ends[1] else {}
        context = {"names": names, "unknown": unknown, "moment": moment, "asked": all(ends), **found}
        return render(request, "cmdb/path.html", context)

    @staticmethod
    def _found(request: SignedInRequest, first: int, last: int, moment: Moment) -> dict[str, Any]:
        graph = graph_at(moment, impact.BUDGET_SECONDS)
        edges = impact.path_between(graph, first, last, allowed=allowed_for(request.user, moment))
        if edges is None:
            return {"steps": None, "cut": graph.unread}
        known = Definitions(moment.defined_at)
        ends = {end for edge in edges for end in (edge.dependent, edge.provider)}
        seen = seen_items(ends, request.user, moment, known)
        found, at = [], first
        for edge in edges:
            other = edge.provider if edge.dependent == at else edge.dependent
            outward = (edge.dependent == at) == edge.forward
            kind = known.relation_types[edge.kind]
            label = kind.name if outward else kind.inverse
            found.append({"from": seen.get(at), "label": label, "to": seen.get(other), "url": item_url(other, moment)})
            at = other
        return {"steps": found}
