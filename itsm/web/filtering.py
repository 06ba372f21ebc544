"""Filters that lists of any app use, in pages and API: strict, so that a typing error is not an empty answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django_filters.fields import IsoDateTimeField

ME, MINE, NONE = "me", "mine", "none"
#: A date without a time.
DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
YES_NO = [("true", _("Yes")), ("false", _("No"))]
#: Beyond these the database and Python do not agree on what a date is.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Chosen:
    """What a filter by codes asks for: keys of rows, and words such as ``none``."""

    keys: list[Any] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    asked: bool = False
    found_later: QuerySet[Any] | None = None


def filled(params: QueryDict, *, keep: Collection[str] = ()) -> QueryDict:
    """What an address asks for: a form above a list sends its empty fields, too, and those ask for nothing.

    ``keep``: names that mean something when they are empty. For pages alone: programs are told that a name is empty.
    """
    found = QueryDict(mutable=True)
    for name, values in params.lists():
        if said := [value for value in values if value or name in keep]:
            found.setlist(name, said)
    return found


def among(path: str, keys: QuerySet[Any]) -> Func:
    """The condition that ``path`` is one of ``keys`` (a query of one column), which are read once, before.

    As an array: a semijoin with a subquery would be made after all written joins (decision 0010).
    """
    array = Func(ArraySubquery(keys), template="(%(expressions)s)")
    return Func(F(path), array, template="%(expressions)s", arg_joiner=" = ANY", output_field=BooleanField())


class CodesField(forms.MultipleChoiceField):
    """Rows named by code, and perhaps words of special meaning. Checks with one query.

    With ``secret`` an unknown code finds nothing instead of being refused: who may not see all rows shall not
    find out which there are. For people of whom ``limited`` says so only those rows exist that they see, and what else
    there is stays as secret. With ``trusted`` the codes were checked when they were stored: no query is run, the rows
    are found by the query that is narrowed.
    """

    trusted = False
    user: Any = None

    def __init__(
        self,
        *,
        model: type[Model],
        words: Iterable[tuple[str, Any]] = (),
        secret: bool = False,
        limited: Callable[[Any], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        self.model, self.words, self.secret, self.limited = model, dict(words), secret, limited
        super().__init__(choices=self._choices, **kwargs)

    def _rows(self) -> QuerySet[Any]:
        rows: Any = self.model._default_manager.all()
        return rows.visible_to(self.user) if self._is_limited() else rows

    def _choices(self) -> list[tuple[str, Any]]:
        """For drawing the filter; not needed to check it."""
        return [*self.words.items(), *((row.code, str(row)) for row in self._rows())]

    def clean(self, value: Any) -> Chosen:
        """Return the keys of the named rows; an unknown code is an error."""
        codes = set(self.to_python(value))
        words = codes & set(self.words)
        codes -= words
        if self.trusted:
            return self._unchecked(codes, words)
        rows = self._found(codes)
        unknown = sorted(codes - set(rows))
        if unknown and not (self.secret or self._is_limited()):
            raise ValidationError(self.error_messages["invalid_choice"], params={"value": ", ".join(unknown)[:100]})
        return Chosen(list(rows.values()), words, asked=bool(codes or words))

    def _is_limited(self) -> bool:
        return self.limited is not None and self.user is not None and self.limited(self.user)

    def _unchecked(self, codes: set[str], words: set[str]) -> Chosen:
        if self.model._meta.pk.name == "code":
            return Chosen(sorted(codes), words, asked=bool(codes or words))
        rows = self.model._default_manager.order_by().filter(code__in=codes).values("pk") if codes else None
        return Chosen([], words, asked=bool(codes or words), found_later=rows)

    def _found(self, codes: set[str]) -> dict[str, Any]:
        if not codes or any("\0" in code for code in codes):
            return {}
        return dict(self._rows().filter(code__in=codes).values_list("code", "pk"))


class CodesFilter(filters.Filter):
    """Rows that refer to any of the named rows."""

    field_class = CodesField

    @property
    def field(self) -> Any:
        """The field, which knows who asks."""
        found = super().field
        request = getattr(getattr(self, "parent", None), "request", None)
        found.user = getattr(request, "user", None)
        return found

    def filter(self, qs: QuerySet[Any], value: Chosen | None) -> QuerySet[Any]:
        """Narrow by what was chosen; equality where one row is asked for, so that indexes keep their order."""
        if not value or not value.asked:
            return qs
        column = f"{self.field_name}_id"
        keys = [*value.keys, *(self.parent.request.user.group_ids if MINE in value.words else ())]
        found = Q(**{column: keys[0]}) if len(keys) == 1 else Q(**{f"{column}__in": keys})
        if value.found_later is not None:
            found |= Q(among(column, value.found_later))
        if NONE in value.words:
            found |= Q(**{column: None})
        return qs.filter(found)


class ChoicesFilter(filters.MultipleChoiceFilter):
    """Rows with any of the given values of a column; ``none`` is the empty one."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow by the values, without DISTINCT."""
        chosen = ["" if one == NONE else one for one in value or ()]
        return qs.filter(**{f"{self.field_name}__in": chosen}) if chosen else qs


class YesNoFilter(filters.ChoiceFilter):
    """``true`` or ``false``; ``condition`` is what it means, ``otherwise`` what false means if not the opposite."""

    def __init__(self, condition: Q, *, otherwise: Q | None = None, **kwargs: Any) -> None:
        self.condition, self.otherwise = condition, otherwise or ~condition
        super().__init__(choices=YES_NO, **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Narrow to those for which the condition holds, or does not."""
        if not value:
            return qs
        return qs.filter(self.condition if value == "true" else self.otherwise)


class UntilField(IsoDateTimeField):
    """The end of a span: a date alone is meant with the whole of its day."""

    def to_python(self, value: Any) -> Any:
        """The moment before which things lie."""
        found = super().to_python(value)
        whole = found and isinstance(value, str) and DAY.fullmatch(value.strip())
        return found + timedelta(days=1) if whole else found


class MomentFilter(filters.IsoDateTimeFilter):
    """A moment in ISO 8601, such as ``2026-11-22T08:00:00Z``. A date alone is a whole day: from its first moment on,
    and until its last one, so that from and until the same day is that day.
    """

    field_class = IsoDateTimeField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("lookup_expr") == "lt":
            self.field_class = UntilField
        limits = [MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
        super().__init__(*args, validators=limits, **kwargs)
