"""Narrowing a set of tickets to those in which words occur, as a condition that any list, order and export can use.

Reading every hit of a word that stands in half of all tickets would take seconds, and so would looking for a rare one
through every row. So the newest tickets are asked first: a word that stands in many of them is common enough to look
at the rows of the list one after the other, in the list's own order, until the page is full. Any other is looked up
in the index. See docs/decisions/0011.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQueryField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Count,
    Expression,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from accounts.models import User
from accounts.permissions import Permission
from tickets.lifecycle import kinds
from tickets.models import SearchDocument, Ticket
from tickets.search.words import Query, fold, parse

Tickets = TypeVar("Tickets", bound=QuerySet[Any])

#: So many of the newest tickets say how common a word is,
SAMPLE = 1000
#: and so many hits among them are common.
COMMON = 20
#: Most hits that are handed on by their keys.
MOST_KEYS = 5000
#: The day in a number is that of the portal's time zone; months end on different days.
SLACK = timedelta(days=5)


class Holds(Func):
    """``vector @@ query``."""

    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()


def matching(tickets: Tickets, text: str, user: User) -> Tickets:
    """Those of ``tickets`` in which everything in ``text`` occurs, in what ``user`` may read. One or two queries.

    All of them when ``text`` is empty, none when it holds nothing that could be found. The answer stays lazy.
    """
    named = numbers_in(text)
    if named and not _is_only(text, named[0]):
        return tickets.filter(number__in=named)
    text = named[0] if named else text
    query = parse(text)
    if query is None:
        return tickets.none() if text.strip() else tickets
    search = Search(query, user)
    if search.is_common():
        return tickets.filter(search.looked_at_one_by_one())
    keys = search.keys()
    if keys is not None:
        return tickets.filter(among(keys))
    return tickets.filter(numbered(text.strip().upper()) or search.looked_at_one_by_one())


def numbers_in(text: str) -> list[str]:
    """The whole numbers of tickets that ``text`` names, however they were pasted: with words, marks, blanks around or
    inside, as an address, in full width. No database.
    """
    prefixes = "|".join(sorted({kind.prefix for kind in kinds()}))
    day, gap = r"\d{6}", r"[\s\-_.#:：/]{0,3}"
    found = re.findall(rf"(?<![a-z0-9])({prefixes}){gap}({day}){gap}(\d{{6}})(?![0-9])", fold(text), re.IGNORECASE)
    return list(dict.fromkeys("".join(parts).upper() for parts in found))


def _is_only(text: str, number: str) -> bool:
    """Whether ``text`` is the number alone, written in another way."""
    return re.sub(r"[^0-9a-z]", "", fold(text)) == number.lower()


def numbered(text: str) -> Q | None:
    """The condition that a number begins with ``text``; None when it is no beginning of one.

    Such tickets lie together, perhaps long ago: the days in the number say where lists begin to look.
    """
    digits = next((text.removeprefix(kind.prefix) for kind in kinds() if text.startswith(kind.prefix)), "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) >= 2):
        return None
    year, month = 2000 + int(digits[:2]), digits[2:4]
    first, last = (month, month) if len(month) == 2 else (f"{month or '0'}1", f"{month}9" if month else "12")
    if not 1 <= int(first) <= 12:
        return None
    begin = datetime(year, int(first), 1, tzinfo=UTC) - SLACK
    end = datetime(year, min(int(last), 12), 28, tzinfo=UTC) + SLACK
    return Q(number__startswith=text, created_at__gt=begin, created_at__lt=end)


def among(keys: list[int]) -> Expression:
    """The condition that a row is one of those with ``keys``.

    They come as the answer of a subquery, which the planner takes for few: it then looks them up instead of reading a
    whole list in its order in the hope of meeting them.
    """
    array = Func(
        Value(keys, output_field=ArrayField(BigIntegerField())), template="((SELECT %(expressions)s)::bigint[])"
    )
    return Func(F("pk"), array, template="%(expressions)s", arg_joiner=" = ANY", output_field=BooleanField())


class Search:
    """A query by a person, who reads notes or does not."""

    def __init__(self, query: Query, user: User) -> None:
        self.user = user
        self.tsquery = Cast(Value(query.tsquery()), SearchQueryField())
        self.indexed = Holds("everything", self.tsquery)
        readable = F("everything") if user.may(Permission.INTERNAL) else Coalesce("public", "everything")
        self.holds = Holds(readable, self.tsquery)

    def looked_at_one_by_one(self) -> Subquery[BooleanField[Any, Any]]:
        """The condition that a row's document matches; a subquery of its own, so that the order of the list stays."""
        document = SearchDocument.objects.filter(ticket_id=OuterRef("pk"))
        return Subquery(document.values(hit=self.holds), output_field=BooleanField())

    def is_common(self) -> bool:
        """Whether many of the newest tickets that the person sees match, or there are few tickets at all."""
        newest = Ticket.objects.visible_to(self.user).order_by("-created_at", "-pk")[:SAMPLE]
        hit = Case(When(self.looked_at_one_by_one(), then=1))
        seen = newest.annotate(hit=hit).values("pk", "hit").aggregate(rows=Count("pk"), hits=Count("hit"))
        return bool(seen["rows"] < SAMPLE or seen["hits"] >= COMMON)

    def keys(self) -> list[int] | None:
        """The tickets that match, from the index; None when there are too many to hand on."""
        found = SearchDocument.objects.filter(self.indexed, Q(self.holds)).values_list("pk", flat=True)
        keys = list(found[: MOST_KEYS + 1])
        return keys if len(keys) <= MOST_KEYS else None
