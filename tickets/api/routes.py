"""The addresses of a kind."""

from __future__ import annotations

from typing import Any

from django.urls import path

from tickets.api import refusals  # noqa: F401 - says what the errors of actions mean
from tickets.api.actions import ActionsView, ActionView
from tickets.api.bulk import BulkView
from tickets.api.categories import CATEGORIES
from tickets.api.lists import TicketDetailView, TicketsView
from tickets.api.parts import AttachmentsView, AttachmentView, CommentsView, TimelineView
from tickets.api.relations import RelationsView, RelationView
from tickets.api.saved import SAVED_ROUTES
from tickets.api.search import SearchView
from tickets.lifecycle import Kind

READ_ONLY = ["get", "head"]
WRITE_ONLY = ["post", "options"]


def routes(kind: Kind) -> list[Any]:
    """Every address of ``kind``, from its declaration alone."""
    one = f"{kind.slug}/<number:number>/"
    methods: dict[str, Any] = {} if kind.registers else {"http_method_names": READ_ONLY}
    others = [action.name for action in kind.actions.values() if action.creates and not action.system]
    return [
        *(
            path(f"{kind.slug}/{name}/", TicketsView.as_view(kind=kind, creating=name, http_method_names=WRITE_ONLY))
            for name in others
            if name != kind.registers
        ),
        path(f"{kind.slug}/", TicketsView.as_view(kind=kind, **methods), name=kind.slug),
        path(one, TicketDetailView.as_view(kind=kind), name=f"{kind.slug}-detail"),
        path(f"{one}actions/", ActionsView.as_view(kind=kind)),
        path(f"{one}actions/<slug:name>/", ActionView.as_view(kind=kind), name=f"{kind.slug}-action"),
        path(f"{one}timeline/", TimelineView.as_view(kind=kind)),
        path(f"{one}comments/", CommentsView.as_view(kind=kind)),
        path(f"{one}attachments/", AttachmentsView.as_view(kind=kind)),
        path(f"{one}relations/", RelationsView.as_view(kind=kind)),
        path(f"{one}relations/<slug:meaning>/<number:target>/", RelationView.as_view(kind=kind)),
    ]


#: What tickets of all kinds share.
shared_routes = [
    path("search/", SearchView.as_view(), name="search"),
    path("attachments/<int:pk>/", AttachmentView.as_view(), name="attachment"),
    path("bulk/", BulkView.as_view(), name="bulk"),
    *SAVED_ROUTES,
    *CATEGORIES.routes,
]
