"""How lines of a ticket's log, its messages and its files read in the API.

Lines come from ``tickets.timeline``, which knows who may read what.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from itsm.api.fields import PersonSerializer
from tickets.timeline import Attached, Line


class AttachmentSerializer(serializers.Serializer):
    """A file on a ticket."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    content_type = serializers.CharField()
    url = serializers.CharField(help_text="Where to get it.")


class ValueChangeSerializer(serializers.Serializer):
    """A value that a step changed: as text in the request's language, and as stored."""

    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    old = serializers.CharField()
    new = serializers.CharField()
    old_value = serializers.JSONField()
    new_value = serializers.JSONField()


class NamedStateSerializer(serializers.Serializer):
    """A state by its code, which never changes, and its name in the language of the request."""

    code = serializers.CharField()
    name = serializers.CharField()


def _state(code: str, name: str) -> dict[str, str] | None:
    return {"code": code, "name": name} if code else None


class TimelineEntrySerializer(serializers.Serializer):
    """A step in the activity log."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = PersonSerializer(allow_null=True, help_text="Null: the portal itself.")
    action = serializers.CharField(help_text="Name of the action, or of an event on a related ticket.")
    title = serializers.CharField(help_text="What was done; continues the person's name.")
    text = serializers.CharField()
    is_public = serializers.BooleanField(help_text="Whether requesters see it.")
    via = serializers.CharField(help_text="web, api, link (in a mail), system or import.")
    state_from = NamedStateSerializer(allow_null=True, help_text="Null: it began with this step.")
    state_to = NamedStateSerializer(allow_null=True)
    changes = ValueChangeSerializer(many=True, help_text="For staff only; empty for others.")
    attachments = AttachmentSerializer(many=True)


def entry_data(line: Line) -> dict[str, Any]:
    """A line of the timeline as data."""
    return {
        "id": line.id,
        "at": line.at,
        "actor": _actor(line),
        "action": line.action,
        "title": line.title,
        "text": line.text,
        "is_public": line.is_public,
        "via": line.via,
        "state_from": _state(line.from_code, line.state_from),
        "state_to": _state(line.to_code, line.state_to),
        "changes": [vars(change) for change in line.changes],
        "attachments": [attachment_data(file) for file in line.attachments],
    }


class CommentSerializer(serializers.Serializer):
    """A reply or an internal note."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    author = PersonSerializer(allow_null=True)
    text = serializers.CharField()
    internal = serializers.BooleanField(help_text="Only staff read it.")
    attachments = AttachmentSerializer(many=True)


def comment_data(line: Line) -> dict[str, Any]:
    """A reply or note as data."""
    return {
        "id": line.id,
        "at": line.at,
        "author": _actor(line),
        "text": line.text,
        "internal": not line.is_public,
        "attachments": [attachment_data(file) for file in line.attachments],
    }


def _actor(line: Line) -> dict[str, str] | None:
    return {"username": line.actor, "name": line.actor_name} if line.actor else None


def attachment_data(file: Attached | Any) -> dict[str, Any]:
    """A file as data."""
    return {
        "id": file.id,
        "name": file.name,
        "size": file.size,
        "content_type": file.content_type,
        "url": reverse("api:attachment", args=[file.id]),
    }
