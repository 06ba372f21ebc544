"""Impact and paths in the API, at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cmdb.api.shapes import (
    KEY,
    MOMENT_PARAMETERS,
    MOMENTS,
    TAG,
    ItemImpactSerializer,
    ItemPathSerializer,
    ItemView,
    SinglePointsSerializer,
    moment_of,
)
from cmdb.network import impact
from cmdb.network.answers import allowed_for, impact_of
from cmdb.network.reading import graph_at
from cmdb.network.standing import is_service, standing_of
from cmdb.services import items_at
from cmdb.versioning.moments import NOW, Moment
from itsm.api.operations import Operation


class ImpactView(ItemView):
    """What an item's failure affects, or what it rests on."""

    query = (*MOMENTS, "direction", "with", "nearest")

    def get(self, request: Request, key: str) -> Response:
        """The nearest items and all services and customers."""
        moment = moment_of(request)
        direction = request.query_params.get("direction", "up")
        if direction not in ("up", "down"):
            raise ValidationError({"direction": [_("up or down is expected.")]})
        nearest = request.query_params.get("nearest", "false")
        if nearest not in ("true", "false"):
            raise ValidationError({"nearest": [_("true or false is expected.")]})
        keys = {self.key(key, moment)}
        keys |= {self.key(other, moment) for other in request.query_params.getlist("with")[:20]}
        answer = impact_of(keys, self.user, up=direction == "up", moment=moment, nearest=nearest == "true")
        return Response(ItemImpactSerializer(answer).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        direction = OpenApiParameter(
            "direction",
            {"type": "string", "enum": ["up", "down"]},
            description=_("up: what fails with it (unless given); down: what it rests on."),
        )
        others = OpenApiParameter(
            "with",
            {"type": "array", "items": {"type": "string", "minLength": 1}},
            description=_("Further items that fail at the same time."),
        )
        nearest = OpenApiParameter(
            "nearest",
            {"type": "string", "enum": ["true", "false"]},
            description=_("true: the nearest affected items only, sooner; no services, no customers."),
        )
        return Operation(
            id="items_impact",
            tag=TAG,
            summary=_("Read the impact of a configuration item"),
            response=ItemImpactSerializer,
            path={"key": KEY},
            parameters=(*MOMENT_PARAMETERS, direction, others, nearest),
        )


class SinglePointsView(ItemView):
    """What alone takes a service down."""

    query = ()

    def get(self, request: Request, key: str) -> Response:
        """The items, the nearest first."""
        item = self.find(key, NOW)
        if not is_service(item):
            raise ValidationError({"key": [_("Single points of failure are kept for services.")]})
        return Response(SinglePointsSerializer(standing_of(item, self.user)).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_single_points",
            tag=TAG,
            summary=_("Read the single points of failure of a service"),
            response=SinglePointsSerializer,
            path={"key": KEY},
        )


class PathView(ItemView):
    """How two items hang together."""

    query = (*MOMENTS, "from", "to")

    def get(self, request: Request) -> Response:
        """The shortest way, over any relations in either direction."""
        moment = moment_of(request)
        ends = {name: request.query_params.get(name, "") for name in ("from", "to")}
        missing = {name: [_("This is needed.")] for name, text in ends.items() if not text}
        if missing:
            raise ValidationError(missing)
        first, last = (self.key(text, moment) for text in ends.values())
        graph = graph_at(moment, impact.BUDGET_SECONDS)
        edges = impact.path_between(graph, first, last, allowed=allowed_for(self.user, moment))
        names = self._names({end for edge in edges or [] for end in (edge.dependent, edge.provider)}, moment)
        steps = [_step(edge, names) for edge in edges or []]
        return Response(ItemPathSerializer({"found": edges is not None, "steps": steps, "cut": graph.unread}).data)

    def _names(self, keys: set[int], moment: Moment) -> dict[int, str]:
        column = "pk" if moment.is_now else "item_id"
        visible = items_at(moment, self.user).filter(**{f"{column}__in": keys})
        return dict(visible.values_list(column, "identifier"))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        ends = tuple(
            OpenApiParameter(name, {"type": "string", "minLength": 1}, required=True, description=_("An identifier."))
            for name in ("from", "to")
        )
        return Operation(
            id="items_path",
            tag=TAG,
            summary=_("Read how two configuration items hang together"),
            response=ItemPathSerializer,
            parameters=(*MOMENT_PARAMETERS, *ends),
        )


def _step(edge: Any, names: Mapping[int, str]) -> dict[str, str]:
    ends = (edge.dependent, edge.provider) if edge.forward else (edge.provider, edge.dependent)
    return {"source": names.get(ends[0], ""), "relation": edge.kind, "target": names.get(ends[1], "")}


routes = [
    path("items/<key:key>/single-points/", SinglePointsView.as_view(), name="item-single-points"),
    path("items/path/", PathView.as_view(), name="items-path"),
    path("items/<key:key>/impact/", ImpactView.as_view(), name="item-impact"),
]
