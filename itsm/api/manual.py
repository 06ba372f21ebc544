"""The OpenAPI document turned into what the documentation page draws."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from itsm.api.problems import KINDS

DEPTH = 6


@dataclass(frozen=True)
class Field:
    """A parameter or a field of the input."""

    name: str
    type: str
    required: bool
    text: str
    values: list[Any]


@dataclass(frozen=True)
class Endpoint:
    """A method of an address."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Field]
    fields: list[Field]
    media_types: list[str]
    request_example: str
    answer_status: str
    answer_example: str
    refusals: list[tuple[str, str]]


def manual_of(document: dict[str, Any]) -> dict[str, Any]:
    """Groups of endpoints, and what every refusal means."""
    groups: dict[str, list[Endpoint]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(_endpoint(document, method, path, operation))
    names = {tag["name"]: tag["description"] for tag in document.get("tags", ())}
    return {
        "title": document["info"]["title"],
        "version": document["info"]["version"],
        "groups": [
            {"name": names.get(name, name), "id": f"group-{n}", "endpoints": endpoints}
            for n, (name, endpoints) in enumerate(groups.items())
        ],
        "problems": [{"status": status, "id": code, "title": title} for status, (code, title) in KINDS.items()],
    }


def _endpoint(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Endpoint:
    bodies = operation.get("requestBody", {}).get("content", {})
    body: dict[str, Any] = next((media["schema"] for media in bodies.values()), {})
    status = next(code for code in operation["responses"] if code.startswith("2"))
    content = operation["responses"][status].get("content", {}).get("application/json")
    return Endpoint(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        text=operation.get("description", ""),
        parameters=[_parameter(item) for item in operation.get("parameters", [])],
        fields=_fields(body),
        media_types=list(bodies),
        request_example=_dump(example_of(body, document)) if body else "",
        answer_status=status,
        answer_example=_dump(example_of(content["schema"], document)) if content else "",
        refusals=[(s, r["description"]) for s, r in operation["responses"].items() if s >= "3"],
    )


def _parameter(item: dict[str, Any]) -> Field:
    schema = item["schema"]
    values = schema.get("enum") or schema.get("items", {}).get("enum") or schema.get("x-values") or []
    where = "" if item["in"] == "query" else f" ({item['in']})"
    return Field(
        item["name"], f"{_type(schema)}{where}", item.get("required", False), item.get("description", ""), values
    )


def _fields(schema: dict[str, Any]) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(name, _type(p), name in required, p.get("description", ""), [v for v in p.get("enum", []) if v])
        for name, p in schema.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any]) -> str:
    names = schema.get("type", "any")
    name = next((n for n in names if n != "null"), "any") if isinstance(names, list) else names
    if name == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return schema.get("format", name)


def example_of(schema: dict[str, Any], document: dict[str, Any], depth: int = 0) -> Any:
    """A made-up value that fits ``schema``."""
    if depth > DEPTH:
        return {}
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return example_of(document["components"]["schemas"][name], document, depth + 1)
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            return example_of(schema[key][0], document, depth)
    if "properties" in schema:
        return {name: example_of(part, document, depth + 1) for name, part in schema["properties"].items()}
    return _simple_example(schema, document, depth)


def _simple_example(schema: dict[str, Any], document: dict[str, Any], depth: int) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    kind = _type(schema)
    if kind.endswith("[]"):
        return [example_of(schema.get("items", {}), document, depth + 1)]
    examples = {"integer": 1, "number": 1.5, "boolean": True, "date-time": "2026-11-22T08:00:00Z", "object": {}}
    return examples.get(kind, "…")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
