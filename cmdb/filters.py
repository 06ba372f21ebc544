"""What items can be found by, now and in the past, on pages, in the API and in exports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation, User
from accounts.permissions import Permission
from cmdb.confirming.services import overdue
from cmdb.defining.formulas import months_after
from cmdb.definitions import Definitions
from cmdb.disclosing.facts import Disclosure
from cmdb.merging.services import survivor_of
from cmdb.models import (
    Attribute,
    BusinessSystem,
    BusinessSystemClass,
    CIClass,
    CIStatus,
    ConfigurationItem,
    Kind,
)
from cmdb.services import items_at, relations_at
from cmdb.uses import is_outside
from cmdb.values import Known, read
from cmdb.versioning.moments import NOW, Moment
from itsm.moments import portal_day
from itsm.web.filtering import CodesFilter, YesNoFilter

#: How a parameter names an attribute: ``a.serial_number``.
PREFIX = "a."
NONE, ANY = "none", "any"


class ClassFilter(CodesFilter):
    """Items of a class and of the classes below it."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Widen each class by those below."""
        if not value or not value.asked:
            return qs
        known = Definitions(_moment(self.parent).defined_at)
        return qs.filter(ci_class__in={code for key in value.keys for code in known.below(key)})


class SystemClassFilter(CodesFilter):
    """Items of systems of a class: of that which they had then, when the past is asked about."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to the systems."""
        moment = _moment(self.parent)
        if not value or not value.asked or moment.is_now:
            return super().filter(qs, value)
        systems = Definitions(moment.defined_at).systems.values()
        return qs.filter(business_system__in=[row.pk for row in systems if row.system_class_id in value.keys])


def _moment(asked: filters.FilterSet) -> Moment:
    return getattr(asked.request, "moment", NOW)


def _holding(found: Any, condition: Q, value: str) -> Any:
    return found.filter(condition if value == "true" else ~condition)


class PlainItemFilter(filters.FilterSet):
    """What everybody who sees configuration items can find them by: the same words, the same set at every door."""

    q = filters.CharFilter(method="search", label=gettext_lazy("Words of the name, or the identifier"), max_length=200)
    ci_class = ClassFilter(model=CIClass, label=gettext_lazy("Class, with those below it"))
    status = CodesFilter(model=CIStatus, label=gettext_lazy("Status"))
    business_system = CodesFilter(model=BusinessSystem, limited=is_outside, label=gettext_lazy("Business system"))
    organisation = CodesFilter(model=Organisation, secret=True, label=gettext_lazy("Organisation"))
    retired = YesNoFilter(Q(status="retired"), label=gettext_lazy("Retired"))

    def search(self, queryset: Any, name: str, value: str) -> Any:
        """Items in which every word occurs; ``request.moment``: the moment whose merges count."""
        moment = _moment(self)
        return queryset.matching(value, self.request.user, None if moment.is_now else moment.stood_at)


def alone(moment: Moment = NOW) -> Q:
    """Items that stand in no relation at the moment; those that ended count no more."""
    key = "pk" if moment.is_now else "item_id"
    ends = (relations_at(moment).filter(**{end: OuterRef(key)}) for end in ("source", "target"))
    return Q(*(~Exists(rows) for rows in ends))


def doubled(moment: Moment, user: User) -> Q:
    """Items of whose class another one that is not retired has the same name at the moment."""
    others = items_at(moment, user).exclude(status="retired").exclude(pk=OuterRef("pk"))
    return Q(Exists(others.filter(ci_class=OuterRef("ci_class"), name=OuterRef("name")))) & ~Q(status="retired")


#: What is asked of today only: of the past nothing is found by it.
OF_TODAY = ("gone", "single_points", "unconfirmed")


class ItemFilter(PlainItemFilter):
    """What staff can find them by, too."""

    alone = YesNoFilter(Q(), label=gettext_lazy("Hangs together with nothing"), method="unrelated")
    doubled = YesNoFilter(Q(), label=gettext_lazy("Another item of the class has its name"), method="of_doubles")
    gone = YesNoFilter(
        Q(missing_since__isnull=False), label=gettext_lazy("Not seen any more by discovery"), method="of_today"
    )
    single_points = YesNoFilter(
        Q(single_points__count__gt=0),
        label=gettext_lazy("Service that a single failure takes down"),
        method="of_today",
    )
    unconfirmed = YesNoFilter(Q(), label=gettext_lazy("Not confirmed in time"), method="of_rhythms")
    system_class = SystemClassFilter(
        field_name="business_system__system_class",
        model=BusinessSystemClass,
        label=gettext_lazy("Class of the business system"),
    )
    loose = YesNoFilter(
        Q(business_system=None, status="in_use", organisation__isnull=False),
        label=gettext_lazy("In use for a customer, of no business system"),
    )

    breaks = filters.CharFilter(method="of_rule", label=gettext_lazy("Breaks the rule of this number"))

    def of_rule(self, queryset: Any, name: str, value: str) -> Any:
        """Narrowed by ``cmdb.asking.narrowing.by_rule``, which knows the moment."""
        return queryset

    def unrelated(self, queryset: Any, name: str, value: str) -> Any:
        """Items that stand in no relation at the moment asked about."""
        return _holding(queryset, alone(_moment(self)), value)

    def of_doubles(self, queryset: Any, name: str, value: str) -> Any:
        """Items that share their name with another of their class at the moment asked about."""
        return _holding(queryset, doubled(_moment(self), self.request.user), value)

    def of_today(self, queryset: Any, name: str, value: str) -> Any:
        """What only items of today can be asked; of the past nothing is found by it."""
        if queryset.model is not ConfigurationItem:
            return queryset.none()
        return _holding(queryset, self.base_filters[name].condition, value)

    def of_rhythms(self, queryset: Any, name: str, value: str) -> Any:
        """Items of today whose owners have to confirm them, by the rhythm of their class."""
        if queryset.model is not ConfigurationItem:
            return queryset.none()
        return _holding(queryset, overdue(timezone.now(), Definitions()), value)


def filter_for(user: User) -> type[PlainItemFilter]:
    """What ``user`` can find items by: customers by nothing that could tell of what is hidden from them."""
    return ItemFilter if user.may(Permission.CMDB_VIEW) else PlainItemFilter


def attribute_parameters(params: Mapping[str, Any]) -> list[str]:
    """The parameters that ask for attributes."""
    return [name for name in params if name.startswith(PREFIX)]


def by_attributes(found: QuerySet[Any], params: Mapping[str, str], user: User, moment: Moment = NOW) -> QuerySet[Any]:
    """Narrow by attributes: ``a.room=2`` · ``a.warranty_end=<=today+90`` · ``a.cost=100..500`` · ``a.owner=none``.

    Texts are found by a part; numbers and dates also with <=, >=, < or > before them, or by first..last, both of which
    count; dates also by this-year, next-month … and today+90, seen from ``moment``. To customers an attribute that
    names people or items is none. Raises ValidationError by name.
    """
    asked = {name: params[name].strip() for name in attribute_parameters(params) if params[name].strip()}
    if not asked:
        return found
    attributes, told = Definitions(moment.defined_at).everywhere(), Disclosure(user)
    for name, text in asked.items():
        attribute = attributes.get(name.removeprefix(PREFIX))
        if attribute is None or not told.asks(attribute.code):
            raise ValidationError({name: [_("There is no such attribute.")]})
        try:
            found = found.filter(**_condition(attribute, text, moment))
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from error
    return found


_SIGNS = {"<=": "lte", ">=": "gte", "<": "lt", ">": "gt"}
_IN_ORDER = {Kind.NUMBER, Kind.DATE}
_IN_PARTS = {Kind.TEXT, Kind.URL, Kind.ADDRESS}


def _condition(attribute: Attribute, text: str, moment: Moment) -> dict[str, Any]:
    path = f"attributes__{attribute.code}"
    if text in (NONE, ANY):
        return {"attributes__has_key": attribute.code} if text == ANY else {f"{path}__isnull": True}
    if attribute.kind in _IN_ORDER:
        return _in_order(attribute, text, moment, path)
    if attribute.kind in _IN_PARTS:
        return {f"{path}__icontains": text[:200]}
    if attribute.kind in (Kind.CHOICE, Kind.YES_NO):
        return {"attributes__contains": {attribute.code: _plain(attribute, text)}}
    if attribute.kind == Kind.ITEM and len(names := _led(text[:200])) > 1:
        return {f"{path}__in": names}
    return {"attributes__contains": {attribute.code: text[:200]}}


def _led(identifier: str) -> list[str]:
    """The identifier, and that of the item it was merged into: kept queries ask on for what is one thing by now."""
    found = ConfigurationItem.objects.filter(identifier=identifier).exclude(merged_into=None).first()
    return [identifier, survivor_of(found).identifier] if found else [identifier]


def _in_order(attribute: Attribute, text: str, moment: Moment, path: str) -> dict[str, Any]:
    """Numbers and dates: equal, beyond, or between."""
    if attribute.kind == Kind.DATE:
        text = dates_in(text, portal_day(moment.so_at))
    first, dots, last = text.partition("..")
    if dots:
        ends = [_plain(attribute, end.strip()) for end in (first, last)]
        return {f"{path}__gte": ends[0], f"{path}__lte": ends[1]}
    sign = next((sign for sign in _SIGNS if text.startswith(sign)), "")
    value = _plain(attribute, text.removeprefix(sign).strip())
    return {f"{path}__{_SIGNS[sign]}": value} if sign else {"attributes__contains": {attribute.code: value}}


_TODAY = re.compile(r"today(?:([+-])(\d{1,4}))?")


def dates_in(text: str, today: date) -> str:
    """``text`` with its words for dates written out: today, today+90, today-7, this-year, next-month, last-year …"""
    found = _TODAY.sub(lambda m: (today + timedelta(days=int((m[1] or "") + (m[2] or "0")))).isoformat(), text)
    which, _dash, unit = found.partition("-")
    if which not in ("this", "next", "last") or unit not in ("year", "month"):
        return found
    months = 12 if unit == "year" else 1
    begins = today.replace(day=1, month=1) if unit == "year" else today.replace(day=1)
    shift = {"this": 0, "next": 1, "last": -1}[which]
    first, after = (months_after(begins.isoformat(), months * (shift + n)) for n in (0, 1))
    return f"{first}..{date.fromisoformat(after) - timedelta(days=1)}"


def _plain(attribute: Attribute, text: str) -> Any:
    """The value as it is kept, whatever pattern new ones must fit."""
    return read(Attribute(kind=attribute.kind, unit=attribute.unit, choices=attribute.choices), text, Known())
