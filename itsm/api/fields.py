"""How rows that records refer to read in answers: by their stable code, with the name in the request's language."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class CodeSerializer(serializers.Serializer):
    """A row of a table of choices."""

    code = serializers.CharField(help_text="Stable key.")
    name = serializers.CharField(help_text="Name in the language of the request.")


class PersonSerializer(serializers.Serializer):
    """A person."""

    username = serializers.CharField()
    name = serializers.CharField()


class ItemSerializer(serializers.Serializer):
    """A configuration item."""

    identifier = serializers.CharField()
    name = serializers.CharField()


class ReadOnly(serializers.Field):
    """A field of answers; requests are read by forms."""

    def to_internal_value(self, data: Any) -> Any:
        """Never used."""
        raise NotImplementedError


@extend_schema_field(CodeSerializer)
class CodeField(ReadOnly):
    """A row with ``code`` and ``name``."""

    def to_representation(self, value: Any) -> dict[str, str]:
        """Code and name; a category's name is the whole way down to it."""
        return {"code": value.code, "name": getattr(value, "path", None) or value.name}


@extend_schema_field(PersonSerializer)
class PersonField(ReadOnly):
    """A person by user name."""

    def to_representation(self, value: Any) -> dict[str, str]:
        """User name and name."""
        return {"username": value.username, "name": value.display_name}


@extend_schema_field(ItemSerializer(many=True))
class ItemsField(ReadOnly):
    """Configuration items, loaded already."""

    def to_representation(self, value: Any) -> list[dict[str, str]]:
        """Identifier and name of each."""
        return [{"identifier": item.identifier, "name": item.name} for item in value.all()]


@extend_schema_field({"type": "string"})
class NumberField(ReadOnly):
    """Another ticket, by its number."""

    def to_representation(self, value: Any) -> str:
        """The number."""
        return value.number


@extend_schema_field({"type": "number"})
class SecondsField(ReadOnly):
    """A duration."""

    def to_representation(self, value: Any) -> float:
        """Seconds."""
        return value.total_seconds()
