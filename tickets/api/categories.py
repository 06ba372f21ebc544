"""The category tree."""

from __future__ import annotations

import django_filters as filters
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api import NamedSerializer
from itsm.api.directory import BY_POSITION, Directory, DirectoryFilter
from itsm.api.fields import CodeField
from tickets.models import Category


class CategorySerializer(NamedSerializer):
    """A node of the category tree."""

    path = serializers.CharField(help_text="The names from the top down, in the language of the request.")
    path_zh = serializers.CharField()
    path_en = serializers.CharField()
    level = serializers.IntegerField(min_value=1, max_value=3)
    parent = CodeField(allow_null=True)  # type: ignore[assignment]  # DRF has an attribute of this name


class CategoryFilter(DirectoryFilter):
    """What categories can be found by."""

    searched = ("code", "path_zh", "path_en")
    parent = filters.CharFilter(field_name="parent__code", label=_("Code of the node above"), max_length=80)


CATEGORIES = Directory(
    slug="categories",
    noun=_("categories"),
    rows=lambda user: Category.objects.visible_to(user).select_related("parent"),
    serializer=CategorySerializer,
    filters=CategoryFilter,
    sorts=BY_POSITION,
)
