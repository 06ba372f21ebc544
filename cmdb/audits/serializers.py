"""How audits read in the API, and what its requests say."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from cmdb.audits.accuracy import Share
from cmdb.audits.forms import CheckForm
from cmdb.audits.photos import PHOTOS
from cmdb.models import AuditPhoto
from itsm.api.fields import PersonField

_TEXT: dict[str, Any] = {"type": "string", "maxLength": 200}
OPEN_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 120},
        "ci_class": {**_TEXT, "description": "A class, with those below it."},
        "room": {"type": "string", "maxLength": 100},
        "query": {"type": "integer", "minimum": 1, "description": "The number of a saved query."},
        "sample": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "description": "All of them unless given."},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**31, "description": "Chosen and kept unless given."},
    },
    "required": ["name"],
    "additionalProperties": False,
}
CHECK_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "result": {"type": "string", "enum": ["right", "differs", "missing"]},
        "seen": {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 400},
            "description": "What is otherwise than recorded, by field, as `to_compare` names them.",
        },
        "note": {"type": "string", "maxLength": 400, "description": "Differs needs this or a value in `seen`."},
    },
    "required": ["result"],
    "additionalProperties": False,
}
EXTRA_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"what": {"type": "string", "minLength": 1, "maxLength": 200}, "place": _TEXT},
    "required": ["what"],
    "additionalProperties": False,
}


class AccuracySerializer(serializers.Serializer):
    """How many were as recorded, of how many; percentages with Wilson's interval at 95 %."""

    label = serializers.CharField(  # type: ignore[assignment]  # the name of the answer's field
        help_text="The class or the field; empty for all."
    )
    right = serializers.IntegerField()
    of = serializers.IntegerField()
    percent = serializers.DecimalField(max_digits=4, decimal_places=1, allow_null=True, coerce_to_string=False)
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()

    def get_low(self, share: Share) -> float | None:
        """Where the interval begins; none when nothing was checked."""
        return float(share.interval[0]) if share.interval else None

    def get_high(self, share: Share) -> float | None:
        """Where it ends."""
        return float(share.interval[1]) if share.interval else None


class AuditSerializer(serializers.Serializer):
    """An audit with its accuracy so far."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    params = serializers.CharField(help_text="Which items, as the address of the list says it.")
    sample = serializers.IntegerField(allow_null=True)
    seed = serializers.IntegerField()
    population = serializers.IntegerField(help_text="Of how many items the sample was drawn.")
    opened_at = serializers.DateTimeField()
    opened_by = PersonField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    to_check = serializers.IntegerField(help_text="Items of the audit.")
    checked = serializers.IntegerField(help_text="Those that somebody checked.")
    accuracy = AccuracySerializer(source="overall")


class AuditPhotoSerializer(serializers.Serializer):
    """A photo of what was found."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    by = PersonField()
    at = serializers.DateTimeField()
    url = serializers.SerializerMethodField(help_text="Where the picture is, as a PNG.")

    def get_url(self, photo: AuditPhoto) -> str:
        """Its own address."""
        name = "item-audit-extra-photo" if photo.extra_id else "item-audit-photo"
        return reverse(f"api:{name}", args=[photo.found.audit_id, photo.found.pk, photo.pk])


class AuditExtraSerializer(serializers.Serializer):
    """Something that stood there and is not recorded."""

    id = serializers.IntegerField()
    what = serializers.CharField()
    place = serializers.CharField()
    by = PersonField(allow_null=True)
    at = serializers.DateTimeField()
    photos = AuditPhotoSerializer(many=True, source="photos.all")


class AuditDetailSerializer(AuditSerializer):
    """An audit with its accuracy by class and by field, and what is not recorded."""

    by_class = AccuracySerializer(many=True)
    by_field = AccuracySerializer(many=True)
    extras = serializers.SerializerMethodField()

    def get_extras(self, audit: Any) -> list[dict[str, Any]]:
        """In the order they were noted."""
        return list(AuditExtraSerializer(audit.extras.select_related("by").prefetch_related(PHOTOS), many=True).data)


class AuditCheckSerializer(serializers.Serializer):
    """An item of an audit: what is recorded, and what was found."""

    id = serializers.IntegerField()
    item = serializers.CharField(source="item.identifier")
    name = serializers.CharField(source="item.name")
    ci_class = serializers.CharField(source="item.ci_class_id")
    result = serializers.CharField(help_text="right, differs, missing; empty until it is checked.")
    recorded = serializers.DictField(help_text="What the record said when it was checked.")
    seen = serializers.DictField(help_text="What was otherwise, by field.")
    note = serializers.CharField()
    by = PersonField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class AuditCheckDetailSerializer(AuditCheckSerializer):
    """A check with the values to be compared on the spot, and its photos."""

    photos = AuditPhotoSerializer(many=True, source="photos.all")
    to_compare = serializers.SerializerMethodField()

    def get_to_compare(self, check: Any) -> dict[str, str]:
        """By field, written as people read them."""
        return CheckForm(check=check).recorded
