"""The description of the API: for programs as OpenAPI, for people as a page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views import View
from drf_spectacular.generators import SchemaGenerator

from itsm.api.manual import manual_of

CONTENT_TYPE = "application/vnd.oai.openapi+json"


@lru_cache(maxsize=4)
def description(language: str) -> dict[str, Any]:
    """The OpenAPI document in ``language``, which must be active. Contains nothing of the portal's data."""
    return SchemaGenerator().get_schema(public=True)


class SchemaView(View):
    """The OpenAPI document. Anybody may read it: it describes the code, not what is stored."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """As JSON."""
        document = description(get_language() or "en")
        return JsonResponse(document, json_dumps_params={"ensure_ascii": False})


class DocsView(View):
    """The same for people, drawn on the server."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Groups of endpoints with parameters, input, answers and refusals."""
        document = description(get_language() or "en")
        return render(request, "api/docs.html", {"manual": manual_of(document)})
