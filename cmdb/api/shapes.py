"""How configuration items read in the API, and what its endpoints share."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.systems import ConfigurationItemSerializer
from cmdb.definitions import as_called
from cmdb.merging.services import survivor_of
from cmdb.network.answers import Hit
from cmdb.services import items_at
from cmdb.versioning.moments import Moment, MomentError, read_moment
from itsm.api.fields import PersonField
from itsm.api.views import ApiView

TAG = gettext_lazy("Configuration management")
KEY = {"type": "string", "minLength": 1, "maxLength": 100}
MOMENTS = ("as_of", "known_at")
RELATED = ("ci_class", "status", "business_system", "organisation", "default_group")
MOMENT_PARAMETERS = (
    OpenApiParameter(
        "as_of",
        {"type": "string", "format": "date-time"},
        description=gettext_lazy("How it was at this moment, as known now."),
    ),
    OpenApiParameter(
        "known_at",
        {"type": "string", "format": "date-time"},
        description=gettext_lazy("As it was known at this moment."),
    ),
)


class Conflict(APIException):
    """The write is refused as things stand."""

    status_code = 409
    default_code = "conflict"


class ItemFactsSerializer(ConfigurationItemSerializer):
    """A configuration item at the moment asked for."""


class ItemDetailSerializer(ItemFactsSerializer):
    """One configuration item."""

    merged_from = serializers.SerializerMethodField(
        help_text="Identifiers of items that were merged into it and lead to it."
    )

    def get_merged_from(self, item: Any) -> list[str]:
        """None of an item as it was; customers get those of their own."""
        found = item.merged_from.all() if hasattr(item, "merged_from") else []
        own = not self.context["request"].user.may(Permission.CMDB_VIEW)
        return sorted(row.identifier for row in found if not own or row.organisation_id == item.organisation_id)


class ChangedItemSerializer(ItemDetailSerializer):
    """A configuration item after a change."""

    claimed = serializers.ListField(
        child=serializers.CharField(), help_text="Fields that a stronger source holds: kept beside, not written."
    )


class ItemFieldSerializer(serializers.Serializer):
    """A value that changed."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field called so
    before = serializers.CharField()
    after = serializers.CharField()


class ItemHistoryLineSerializer(serializers.Serializer):
    """One recorded edit."""

    at = serializers.DateTimeField(help_text="When it was recorded.")
    since = serializers.DateTimeField(help_text="From when it was so.", allow_null=True)
    by = PersonField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]  # a field called so
    authority = serializers.CharField(help_text="first, change, correction, observed, free or none.")
    reference = serializers.CharField(help_text="The change that allowed it.")
    reason = serializers.CharField()
    text = serializers.CharField(help_text="What happened to a relation.")
    fields_changed = ItemFieldSerializer(many=True, source="fields")


class ItemHistorySerializer(serializers.Serializer):
    """A part of the recorded edits of an item, the newest first."""

    next = serializers.URLField(allow_null=True, help_text="Address of the older ones.")
    results = ItemHistoryLineSerializer(many=True)


class AffectedItemSerializer(serializers.Serializer):
    """An affected item."""

    identifier = serializers.CharField(source="code")
    name = serializers.CharField()
    ci_class = serializers.CharField(source="class_code")
    status = serializers.CharField()
    state = serializers.CharField(help_text="down, degraded, or ok (when asked what it rests on).")
    depth = serializers.IntegerField(help_text="Steps from the item asked about.")
    certainty = serializers.SerializerMethodField(help_text="certain, or probable: not confirmed lately.")

    def get_certainty(self, hit: Hit) -> str:
        """In one word."""
        return "certain" if hit.certain else "probable"


class AffectedServiceSerializer(serializers.Serializer):
    """A service or a customer behind the affected items."""

    code = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField(help_text="down or degraded.")


class ItemImpactSerializer(serializers.Serializer):
    """What is affected: the nearest items, and every service and customer."""

    items = AffectedItemSerializer(many=True)
    services = AffectedServiceSerializer(many=True)
    customers = AffectedServiceSerializer(many=True)
    total = serializers.IntegerField(help_text="How many items are affected in all.")
    shared = serializers.BooleanField(
        help_text="For customers: something that several customers share is among them. Nothing else is told of it."
    )
    partial = serializers.BooleanField(  # type: ignore[assignment]  # a field called so
        help_text="Not all items are listed."
    )
    cut = serializers.BooleanField(help_text="Time ran out: services and customers may be missing, too.")


class SinglePointSerializer(serializers.Serializer):
    """An item whose failure alone takes the service down."""

    identifier = serializers.CharField()
    name = serializers.CharField()
    ci_class = serializers.CharField(source="ci_class_id")


class SinglePointsSerializer(serializers.Serializer):
    """The single points of failure of a service, the nearest first."""

    items = SinglePointSerializer(many=True, source="rows")
    as_of = serializers.DateTimeField(allow_null=True, help_text="When they were reckoned; null: for this answer.")
    partial = serializers.BooleanField(help_text="Not all it rests on could be tried.")  # type: ignore[assignment]


class ItemStepSerializer(serializers.Serializer):
    """A step of the way between two items."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field called so
    relation = serializers.CharField()
    target = serializers.CharField()


class ItemPathSerializer(serializers.Serializer):
    """The shortest way between two items; ``found`` is false when there is none."""

    found = serializers.BooleanField()
    steps = ItemStepSerializer(many=True)
    cut = serializers.BooleanField(help_text="Time ran out before it was known whether there is one.")


def moment_of(request: Request) -> Moment:
    """The moment that a request asks about. Raises ValidationError."""
    try:
        return read_moment(request.query_params)
    except MomentError as error:
        raise ValidationError({error.parameter: [str(error)]}) from error


class ItemView(ApiView):
    """An endpoint about items."""

    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE
    query: ClassVar[tuple[str, ...]] = MOMENTS

    def find(self, identifier: str, moment: Moment) -> Any:
        """The item at the moment, for the person; now the one it was merged into. Raises Http404."""
        visible = items_at(moment, self.user).select_related(*RELATED)
        found = visible.filter(identifier=identifier).first()
        if found is not None and moment.is_now and found.merged_into_id:
            found = visible.filter(pk=survivor_of(found).pk).first()
        if found is None:
            raise Http404
        return found

    def key(self, identifier: str, moment: Moment) -> int:
        """The item's key. Raises Http404."""
        found = self.find(identifier, moment)
        return found.pk if moment.is_now else found.item_id

    def data_of(self, item: Any, moment: Moment) -> Any:
        """The item as it was at the moment, as data for the person."""
        [called] = as_called([item], moment)
        return ItemDetailSerializer(called, context={"request": self.request}).data
