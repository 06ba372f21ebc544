"""Where the keys come from that fields of forms take."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.codes import CodeTable
from accounts.models import Organisation, SupportGroup, User
from cmdb.models import BusinessSystem, ConfigurationItem
from itsm.api.code_tables import slug_of
from tickets.models import Category

LISTS: dict[type, str] = {
    User: "api:people",
    SupportGroup: "api:groups",
    Organisation: "api:organisations",
    ConfigurationItem: "api:configuration-items",
    BusinessSystem: "api:business-systems",
    Category: "api:categories",
}


def list_for(field: forms.Field) -> str | None:
    """The address of the list whose keys ``field`` takes; None when it takes none."""
    if not isinstance(field, forms.ModelChoiceField) or field.queryset is None:
        return None
    model = field.queryset.model
    if model in LISTS:
        return reverse(LISTS[model])
    return reverse("api:code-table", args=[slug_of(model)]) if issubclass(model, CodeTable) else None


def keys_from(field: Any) -> str:
    """A sentence about it, for the description."""
    address = list_for(field)
    return _("Keys: GET %(address)s") % {"address": address} if address else ""
