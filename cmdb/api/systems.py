"""Business systems and configuration items in the API. Read-only for now."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api import NamedSerializer
from accounts.models import User
from accounts.permissions import Permission
from cmdb.disclosing.facts import Disclosure
from cmdb.filters import PlainItemFilter
from cmdb.models import BusinessSystem, BusinessSystemClass, ConfigurationItem
from itsm.api.directory import BY_POSITION, Directory, DirectoryFilter
from itsm.api.fields import CodeField, PersonField
from itsm.web.filtering import CodesFilter
from itsm.web.paging import Column


class BusinessSystemSerializer(NamedSerializer):
    """A service that the desk supports. Who looks after it is for staff."""

    system_class = CodeField()
    primary_engineer = PersonField(allow_null=True, required=False)
    deputy_engineer = PersonField(allow_null=True, required=False)
    default_group = CodeField(allow_null=True, required=False)

    def get_fields(self) -> dict[str, Any]:
        """Customers do not get people of the provider."""
        fields = super().get_fields()
        request = self.context.get("request")
        if request is None or not hasattr(request.user, "may") or request.user.may(Permission.INTERNAL):
            return fields
        return {name: field for name, field in fields.items() if field.required}


class BusinessSystemFilter(DirectoryFilter):
    """What business systems can be found by."""

    system_class = CodesFilter(model=BusinessSystemClass, label=_("Class"))


def business_systems(user: User) -> QuerySet[BusinessSystem]:
    """Whoever is signed in chooses one when registering; customers of those that their organisation uses."""
    related = ("system_class", "primary_engineer", "deputy_engineer", "default_group")
    return BusinessSystem.objects.visible_to(user).select_related(*related)


class ConfigurationItemSerializer(serializers.Serializer):
    """A configuration item."""

    identifier = serializers.CharField()
    name = serializers.CharField()
    ci_class = CodeField()
    status = CodeField()
    business_system = CodeField(allow_null=True)
    organisation = CodeField(allow_null=True)
    default_group = CodeField(allow_null=True)
    attributes = serializers.SerializerMethodField(help_text="Values by the attribute's code.")

    def get_attributes(self, item: Any) -> dict[str, Any]:
        """What the reader may know of them."""
        context: Any = self.context  # one for all rows of an answer
        if "disclosure" not in context:
            context["disclosure"] = Disclosure(context["request"].user)
        return context["disclosure"].of(item.attributes)


def configuration_items(user: User) -> QuerySet[ConfigurationItem]:
    """Items that the person sees."""
    related = ("ci_class", "status", "business_system", "organisation", "default_group")
    return ConfigurationItem.objects.visible_to(user).select_related(*related)


BUSINESS_SYSTEMS = Directory(
    slug="business-systems",
    noun=_("business systems"),
    rows=business_systems,
    serializer=BusinessSystemSerializer,
    filters=BusinessSystemFilter,
    sorts=BY_POSITION,
)
CONFIGURATION_ITEMS = Directory(
    slug="configuration-items",
    noun=_("configuration items"),
    rows=configuration_items,
    serializer=ConfigurationItemSerializer,
    filters=PlainItemFilter,
    sorts={"identifier": (Column("identifier"),), "name": (Column("name"),)},
    key="identifier",
)

routes = [*BUSINESS_SYSTEMS.routes, *CONFIGURATION_ITEMS.routes]
