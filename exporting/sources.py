"""Lists that can be exported: the same rows, under the same rules, as their pages and endpoints show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.api import PeopleFilter
from accounts.models import User
from accounts.permissions import Permission
from cmdb.filters import ItemFilter, attribute_parameters, by_attributes
from cmdb.models import ConfigurationItem
from itsm.web.paging import ordered_by
from tickets.lifecycle import kind_of, kinds
from tickets.models import Ticket
from tickets.queues.columns import USUAL, offered_columns, with_columns
from tickets.queues.listing import Listing


class Exportable(Protocol):
    """A column of any list."""

    @property
    def label(self) -> str | Promise:
        """What stands above it."""

    @property
    def value(self) -> Callable[[Any], Any]:
        """What stands in it."""


@dataclass(frozen=True)
class Plain:
    """A column of people and configuration items."""

    label: Any
    value: Callable[[Any], Any]


class RefusedList(ValueError):  # noqa: N818 - a wrong address, said to people
    """The list cannot be understood; ``errors`` by parameter."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(str(errors))
        self.errors = {name: list(texts) for name, texts in errors.items()}


@dataclass(frozen=True, kw_only=True)
class Source:
    """A list. ``rows`` in order (raises RefusedList), ``load`` prepares them for ``columns``; who ``needs`` what."""

    code: str
    label: Any
    columns: Callable[[User], Mapping[str, Exportable]]
    rows: Callable[[User, QueryDict, datetime], QuerySet[Any]]
    load: Callable[[User, Iterable[str]], QuerySet[Any]]
    usual: tuple[str, ...]
    needs: str = Permission.EXPORT

    def allowed(self, user: User) -> bool:
        """Whether ``user`` may take this list out of the portal."""
        return user.may(Permission.EXPORT) and user.may(self.needs)


def ticket_rows(user: User, query: QueryDict, now: datetime) -> QuerySet[Any]:
    """Tickets of a list in its order. ``kind`` in ``query`` is the kind whose list it is."""
    params = query.copy()
    code = params.pop("kind", [""])[-1]
    if code and code not in {kind.code for kind in kinds()}:
        raise RefusedList({"kind": [_("There is no such kind.")]})
    listing = Listing(params, user=user, now=now, kind=kind_of(code) if code else None)
    found = listing.rows
    if listing.errors:
        raise RefusedList(listing.errors)
    return ordered_by(found, listing.columns_to_sort_by)


def _load_tickets(user: User, codes: Iterable[str]) -> QuerySet[Any]:
    offered = offered_columns(user, wide=True)
    return with_columns(Ticket.objects.visible_to(user), [offered[code] for code in codes if code in offered])


def _filtered(filters: Any, found: QuerySet[Any], user: User, query: QueryDict) -> QuerySet[Any]:
    unknown = set(query) - set(filters.base_filters)
    if unknown:
        raise RefusedList({name: [_("There is no such filter.")] for name in unknown})
    narrowed = filters(query, queryset=found, request=SimpleNamespace(user=user))
    if not narrowed.is_valid():
        raise RefusedList({name: [str(text) for text in texts] for name, texts in narrowed.errors.items()})
    return narrowed.qs


def _items(user: User) -> QuerySet[Any]:
    related = ("ci_class", "status", "business_system", "organisation", "default_group")
    return ConfigurationItem.objects.visible_to(user).select_related(*related)


def item_rows(user: User, query: QueryDict, now: datetime) -> QuerySet[Any]:
    """Items of today by the words of their page and endpoint, those for attributes too."""
    asked = attribute_parameters(query)
    plain = QueryDict(mutable=True)
    for name, values in query.lists():
        if name not in asked:
            plain.setlist(name, values)
    found = _filtered(ItemFilter, ConfigurationItem.objects.visible_to(user), user, plain)
    try:
        return by_attributes(found, query, user).order_by("identifier")
    except ValidationError as error:
        raise RefusedList(error.message_dict) from error


def _people(user: User) -> QuerySet[Any]:
    return User.objects.visible_to(user).select_related("organisation", "department").defer("password", "preferences")


ITEM_COLUMNS = {
    "identifier": Plain(gettext_lazy("Identifier"), lambda item: item.identifier),
    "name": Plain(gettext_lazy("Name"), lambda item: item.name),
    "ci_class": Plain(gettext_lazy("Class"), lambda item: item.ci_class),
    "status": Plain(gettext_lazy("Status"), lambda item: item.status),
    "business_system": Plain(gettext_lazy("Business system"), lambda item: item.business_system),
    "organisation": Plain(gettext_lazy("Organisation"), lambda item: item.organisation),
    "default_group": Plain(gettext_lazy("Group"), lambda item: item.default_group),
}
PEOPLE_COLUMNS = {
    "username": Plain(gettext_lazy("User name"), lambda person: person.username),
    "full_name": Plain(gettext_lazy("Name"), lambda person: person.full_name),
    "full_name_en": Plain(gettext_lazy("Name in Latin letters"), lambda person: person.full_name_en),
    "organisation": Plain(gettext_lazy("Organisation"), lambda person: person.organisation),
    "department": Plain(gettext_lazy("Department"), lambda person: person.department),
    "employee_number": Plain(gettext_lazy("Employee number"), lambda person: person.employee_number),
    "phone": Plain(gettext_lazy("Phone"), lambda person: person.phone),
    "mobile": Plain(gettext_lazy("Mobile"), lambda person: person.mobile),
    "email": Plain(gettext_lazy("Email"), lambda person: person.email),
    "active": Plain(gettext_lazy("Active"), lambda person: person.is_active),
}

SOURCES: dict[str, Source] = {
    source.code: source
    for source in (
        Source(
            code="tickets",
            label=gettext_lazy("Tickets"),
            columns=lambda user: offered_columns(user, wide=True),
            rows=ticket_rows,
            load=_load_tickets,
            usual=USUAL,
        ),
        Source(
            code="items",
            label=gettext_lazy("Configuration items"),
            columns=lambda user: ITEM_COLUMNS,
            rows=item_rows,
            load=lambda user, codes: _items(user),
            usual=tuple(ITEM_COLUMNS),
            needs=Permission.CMDB_VIEW,
        ),
        Source(
            code="people",
            label=gettext_lazy("People"),
            columns=lambda user: PEOPLE_COLUMNS,
            rows=lambda user, query, now: _filtered(PeopleFilter, User.objects.visible_to(user), user, query).order_by(
                "username"
            ),
            load=lambda user, codes: _people(user),
            usual=tuple(PEOPLE_COLUMNS),
            needs=Permission.PEOPLE_VIEW,
        ),
    )
}
