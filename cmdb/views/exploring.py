"""Pages that look around from an item: impact, comparison, the graph and its steps."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.http import SignedInRequest
from accounts.models import User
from cmdb.models import ConfigurationItem
from cmdb.network import impact
from cmdb.network.answers import STATES, impact_of
from cmdb.network.drawing import MOST, Drawing, drawing_of
from cmdb.network.reading import graph_at
from cmdb.pages import seen_items
from cmdb.services import items_at
from cmdb.versioning.history import compared
from cmdb.versioning.moments import Moment, MomentError, read_moment
from cmdb.views.items import CmdbView, find_item, moment_of

LISTED = 200


def _name_at(moment: Moment, item: ConfigurationItem, user: User) -> str:
    """What the item was called then; as it is called now where it was not there yet."""
    then = None if moment.is_now else items_at(moment, user).filter(item_id=item.pk).first()
    return str((then or item).name)


class ImpactView(CmdbView):
    """What fails with an item, alone or together with others; what it rests on; its single points of failure."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        item, moment = find_item(request.user, pk), moment_of(request)
        up = request.GET.get("direction") != "down"
        words = request.GET.get("with", "").replace("，", ",").split(",")
        names = [word.strip() for word in words if word.strip()][:20]
        others = list(ConfigurationItem.objects.visible_to(request.user).filter(identifier__in=names))
        keys = [item.pk, *(other.pk for other in others)]
        answer = impact_of(keys, request.user, up=up, moment=moment, limit=LISTED)
        context = {
            "item": item,
            "name": _name_at(moment, item, request.user),
            "moment": moment,
            "up": up,
            "others": others,
            "unknown": sorted(set(names) - {other.identifier for other in others}),
            "with": request.GET.get("with", ""),
            "at": moment.address(),
            "hidden": [(name, request.GET[name]) for name in ("direction", "with") if request.GET.get(name)],
            "impact": answer,
            "collisions": self._collisions(request, keys, moment) if up and len(keys) > 1 else [],
            "points": self._single_points(request, item.pk, moment) if not up else None,
        }
        return render(request, "cmdb/impact.html", context)

    @staticmethod
    def _collisions(request: SignedInRequest, keys: list[int], moment: Moment) -> list[dict[str, Any]]:
        found = impact.collisions(graph_at(moment, impact.BUDGET_SECONDS), keys)[:50]
        seen = seen_items([hit.item for hit in found], request.user, moment)
        return [{"item": seen[hit.item], "state": STATES[hit.severity]} for hit in found if hit.item in seen]

    @staticmethod
    def _single_points(request: SignedInRequest, pk: int, moment: Moment) -> dict[str, Any]:
        keys, partial = impact.single_points(graph_at(moment, impact.BUDGET_SECONDS), pk)
        seen = seen_items(keys, request.user, moment)
        return {"rows": [seen[key] for key in keys if key in seen], "partial": partial}


class CompareView(CmdbView):
    """An item at two moments."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Ask for the moments, and show in what they differ."""
        item = find_item(request.user, pk)
        moments, errors = [], []
        for name in ("first", "second"):
            try:
                said = {key: request.GET.get(f"{name}_{key}", "") for key in ("as_of", "known_at")}
                moments.append(read_moment(said))
            except MomentError as error:
                errors.append(str(error))
        asked = bool(request.GET)
        fields = compared(item, moments[0], moments[1]) if asked and not errors else []
        context = {"item": item, "moments": moments, "errors": errors, "fields": fields, "asked": asked}
        return render(request, "cmdb/compare.html", context, status=422 if errors else 200)


def drawn(request: SignedInRequest, pk: int) -> Drawing:
    """The part of the graph that an address asks for."""
    opened = [int(text) for text in request.GET.get("open", "").split(",") if text.isascii() and text.isdigit()][:60]
    return drawing_of(find_item(request.user, pk), opened, request.user, moment_of(request))


class GraphView(CmdbView):
    """The graph around an item, as a picture and as a table."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show the page; the picture asks for its data."""
        item, moment = find_item(request.user, pk), moment_of(request)
        context = {
            "item": item,
            "name": _name_at(moment, item, request.user),
            "moment": moment,
            "drawing": drawn(request, pk),
            "hidden": [("open", request.GET["open"])] if request.GET.get("open") else [],
            "data_url": reverse("cmdb:graph_data", args=[pk]),
            "most": MOST,
        }
        return render(request, "cmdb/graph.html", context)


class GraphDataView(CmdbView):
    """The data of the picture."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Nodes and edges."""
        return JsonResponse(drawn(request, pk).as_json())
