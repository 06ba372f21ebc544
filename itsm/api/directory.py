"""The directory: people, groups, services and code tables, for those who look things up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import ApiToken, User
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.schema import page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.filtering import YesNoFilter
from itsm.web.paging import Column, Ordering

TAG = _("Directory")
KEY = {"type": "string", "minLength": 1, "maxLength": 150}
BY_CODE: dict[str, Ordering] = {"code": (Column("code"),)}
BY_POSITION: dict[str, Ordering] = {"position": (Column("position"),), **BY_CODE}


class DirectoryFilter(filters.FilterSet):
    """What every list of the directory can be narrowed by."""

    q = filters.CharFilter(method="search", label=_("Words of the name, or the code"), max_length=200)
    active = YesNoFilter(Q(active=True), label=_("Active"))
    searched: ClassVar[tuple[str, ...]] = ("code", "name_zh", "name_en")

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Rows in which every word occurs."""
        for word in value.split():
            found = Q()
            for column in self.searched:
                found |= Q(**{f"{column}__icontains": word})
            queryset = queryset.filter(found)
        return queryset


@dataclass(frozen=True, kw_only=True)
class Directory:
    """A list of the directory, and its rows one by one.

    ``slug`` in addresses; ``noun`` in the description; ``rows`` what a person may see at all.
    """

    slug: str
    noun: Any
    rows: Callable[[User], QuerySet[Any]]
    serializer: type[BaseSerializer]
    filters: type[filters.FilterSet] = DirectoryFilter
    sorts: Mapping[str, Ordering]
    key: str = "code"

    @property
    def routes(self) -> list[URLPattern]:
        """The addresses of list and row."""
        return [
            path(f"{self.slug}/", DirectoryList.of(self), name=self.slug),
            path(f"{self.slug}/<key:key>/", DirectoryDetail.as_view(directory=self)),
        ]


class DirectoryList(ListView):
    """A list of the directory."""

    reads = ApiToken.Scope.DIRECTORY_READ
    directory: ClassVar[Directory] = None  # type: ignore[assignment]  # as_view(directory=…) sets it
    page: ClassVar[Any] = None

    @classmethod
    def of(cls, directory: Directory) -> Any:
        """The view of ``directory``; its first sort is the default."""
        return cls.as_view(
            directory=directory,
            filters=directory.filters,
            sorts=directory.sorts,
            default_order=next(iter(directory.sorts)),
            serializer=directory.serializer,
            page=page_serializer(directory.serializer),
        )

    def rows(self, request: Request) -> QuerySet[Any]:
        """What the person may see at all."""
        return self.directory.rows(self.user)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        name = self.directory.slug.replace("-", "_")
        summary = _("List %(rows)s") % {"rows": self.directory.noun}
        return Operation(id=f"{name}_list", tag=TAG, summary=summary, response=self.page, errors=LIST_ERRORS)


class DirectoryDetail(ApiView):
    """One row of the directory, by its key."""

    reads = ApiToken.Scope.DIRECTORY_READ
    directory: ClassVar[Directory] = None  # type: ignore[assignment]  # as_view(directory=…) sets it

    def get(self, request: Request, key: str) -> Response:
        """The row; missing and foreign ones are not found alike."""
        row = self.directory.rows(self.user).filter(**{self.directory.key: key}).first()
        if row is None:
            raise Http404
        return Response(self.directory.serializer(row, context={"request": request}).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id=f"{self.directory.slug.replace('-', '_')}_read",
            tag=TAG,
            summary=_("Read one of the %(rows)s") % {"rows": self.directory.noun},
            response=self.directory.serializer,
            path={"key": KEY},
        )
