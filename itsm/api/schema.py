"""The OpenAPI 3.1 description, made from what views and actions declare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.encoding import force_str
from django.utils.translation import gettext
from django_filters import FilterSet
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from itsm.api.authentication import TokenAuthentication
from itsm.api.operations import Operation
from itsm.api.problems import CONTENT_TYPE, KINDS
from itsm.web.filtering import ChoicesFilter, CodesFilter, MomentFilter, YesNoFilter
from itsm.web.paging import COUNT_CAP, DEFAULT_SIZE, MAX_SIZE, MAX_SORTS

JSON_VALUE: dict[str, Any] = {}
TEXTS_BY_NAME = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
PROBLEM_DETAILS = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Explained at this address."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What a person should know."},
        "instance": {"type": "string", "format": "uri-reference", "description": "The address that was asked."},
        "errors": TEXTS_BY_NAME | {"description": "What is wrong, by field or parameter."},
        "possible": {
            "type": "array",
            "items": {"type": "string"},
            "description": "With 409: the actions that are possible now.",
        },
        "current_version": {"type": "integer", "description": "With 412: the version as it stands now."},
        "changes": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/TimelineEntry"},
            "description": "With 412: what happened since the version that was sent.",
        },
    },
}


class ApiSchema(AutoSchema):
    """Reads the ``Operation`` that the view declares for a method."""

    @property
    def operation(self) -> Operation:
        """What is declared for the method at hand."""
        return self.view.operation(self.method.lower())  # type: ignore[attr-defined]

    def is_excluded(self) -> bool:
        """Methods without a declaration are not shown."""
        return self.operation is None

    def get_operation_id(self) -> str:
        """A stable name for generated clients."""
        return self.operation.id

    def get_summary(self) -> str:
        """One line."""
        return force_str(self.operation.summary)

    def get_description(self) -> str:  # type: ignore[override]  # as in the base
        """More about it, and the scope it needs."""
        scope = self.view.reads if self.method == "GET" else self.view.writes  # type: ignore[attr-defined]
        needs = gettext("Scope: `%(scope)s`.") % {"scope": scope} if scope else ""
        return f"{force_str(self.operation.description)}\n\n{needs}".strip()

    def get_tags(self) -> list[str]:
        """The group in the documentation. The same in every language: generators make module names of it."""
        with translation.override("en"):
            return [force_str(self.operation.tag)]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Token or session, everywhere."""
        return [{"token": []}, {"session": []}]

    def get_override_parameters(self) -> list[Any]:
        """What is declared, the filters of lists, and the ETag of answers."""
        view: Any = self.view
        found = [*self.operation.parameters]
        if self.method == "GET" and hasattr(view, "filters"):
            found += filter_parameters(view.filters, view)
        if self.method == "GET" and view.sorts:
            found += paging_parameters(view.sorts)
        if self.operation.etag:
            found.append(
                OpenApiParameter(
                    "ETag",
                    str,
                    OpenApiParameter.HEADER,
                    response=[self.operation.status],
                    description=gettext("The ticket's version and a hash of the content."),
                )
            )
        return found

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        known = self.operation.path
        return [
            {"name": v, "in": "path", "required": True, "schema": known.get(v, {"type": "string"})} for v in variables
        ]

    def get_request_serializer(self) -> Any:
        """Media type to schema."""
        return self.operation.request

    def get_response_serializers(self) -> Any:
        """The answer and every refusal."""
        found = self.operation
        types = (found.media_type, *found.other_types)
        responses: dict[Any, Any] = {(found.status, media_type): self._answer(found) for media_type in types}
        if found.response is None:
            responses = {found.status: OpenApiResponse(description=gettext("Done."))}
        if found.unchanged:
            responses[304] = OpenApiResponse(description=gettext("Nothing changed."))
        for status in found.also:
            responses[status] = OpenApiResponse(description=gettext("Done; you do not see the ticket any more."))
        for status in sorted({*found.errors, *self._nothing_there()}):
            title = force_str(KINDS[status][1])
            problem = OpenApiResponse({"$ref": "#/components/schemas/ProblemDetails"}, description=title)
            responses[(status, CONTENT_TYPE)] = problem
        return responses

    def _nothing_there(self) -> set[int]:
        """404 for every address with a part of its own in it: what it names may not be there."""
        return {404} if "{" in self.path else set()

    def _answer(self, found: Operation) -> Any:
        return OpenApiResponse(found.response, description=force_str(found.summary))

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Lists are spelled out: they stand in an envelope."""
        return False


def page_serializer(row: type[serializers.BaseSerializer]) -> type[serializers.Serializer]:
    """The envelope of a page of rows. Made once per row: a name in the description belongs to one shape."""
    fields = {
        "next": serializers.URLField(allow_null=True, help_text="Address of the next page."),
        "previous": serializers.URLField(allow_null=True, help_text="Address of the page before."),
        "count": serializers.IntegerField(required=False, help_text=f"With count=true: at most {COUNT_CAP}."),
        "count_is_capped": serializers.BooleanField(required=False, help_text="There are more than were counted."),
        "results": row(many=True),
    }
    return type(f"{row.__name__.removesuffix('Serializer')}Page", (serializers.Serializer,), fields)


def list_serializer(row: type[serializers.BaseSerializer]) -> type[serializers.Serializer]:
    """The envelope of a list that is not paged. Made once per row."""
    return type(
        f"{row.__name__.removesuffix('Serializer')}List", (serializers.Serializer,), {"results": row(many=True)}
    )


def paging_parameters(sorts: Any) -> Iterator[OpenApiParameter]:
    """Order and paging of a list."""
    names = [sign + name for name in sorts for sign in ("", "-")]
    texts = {
        "ordering": gettext("Up to %(count)d of these, separated by commas; a minus sign turns the order round.")
        % {"count": MAX_SORTS},
        "cursor": gettext("From the address of the next or previous page."),
        "page_size": gettext("%(count)d unless given.") % {"count": DEFAULT_SIZE},
        "count": gettext("Count the rows too, up to %(count)d.") % {"count": COUNT_CAP},
    }
    types: dict[str, Any] = {
        "ordering": {"type": "string", "examples": names[:2], "x-values": names},
        "cursor": {"type": "string", "minLength": 1},
        "page_size": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        "count": {"type": "boolean"},
    }
    return (OpenApiParameter(name, types[name], description=texts[name]) for name in texts)


def filter_parameters(filters: type[FilterSet], view: Any) -> Iterator[OpenApiParameter]:
    """Every filter of a list, with what it takes."""
    for name, item in filters.base_filters.items():
        schema = _filter_schema(name, item, view)
        many = schema["type"] == "array"
        style = {"style": "form", "explode": True} if many else {}
        yield OpenApiParameter(name, schema, description=force_str(item.label or name), **style)  # type: ignore[arg-type]


def _filter_schema(name: str, item: Any, view: Any) -> dict[str, Any]:
    if isinstance(item, YesNoFilter):
        return {"type": "boolean"}
    if isinstance(item, MomentFilter):
        return {"type": "string", "format": "date-time"}
    if isinstance(item, ChoicesFilter):
        kind = getattr(view, "kind", None)
        choices = kind.states.choices if kind and name == "state" else item.extra["choices"]
        values = [value for value, _label in (choices() if callable(choices) else choices)]
        return {"type": "array", "items": {"type": "string", "enum": values}}
    if isinstance(item, CodesFilter):
        return {"type": "array", "items": {"type": "string"}}
    longest = item.extra.get("max_length")
    return {"type": "string"} | ({"maxLength": longest} if longest else {})


def expand_actions(endpoints: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Show each action as an address of its own, though one route serves them all."""
    found = []
    for path, regex, method, callback in endpoints:
        expand = getattr(callback.cls, "one_per_action", None)
        if expand is None:
            found.append((path, regex, method, callback))
            continue
        for name, view in expand(**callback.initkwargs):
            found.append((path.replace("{name}", name), regex.replace("<slug:name>", name), method, view))
    return found


def add_shared_parts(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Add what every operation refers to: the problem document and the ways to sign in."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["ProblemDetails"] = PROBLEM_DETAILS
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": TokenAuthentication.__doc__},
        "session": {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Signed in to the pages."},
    }
    operations = [found for path in result["paths"].values() for found in path.values() if isinstance(found, dict)]
    tags = dict.fromkeys(tag for found in operations for tag in found.get("tags", ()))
    result["tags"] = [{"name": tag, "description": gettext(tag)} for tag in tags]
    result["servers"] = [{"url": settings.SITE_URL}]
    return result
