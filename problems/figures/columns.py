"""Columns, filters and orders of lists that only problems fill: their level, what they are about, how they ended."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from itsm.web.filtering import NONE, ChoicesFilter, CodesFilter, among
from itsm.web.paging import Column
from problems.codes import ProblemCategory, ProblemLevel, ProblemSource
from problems.known_errors.models import KnownErrorUse
from problems.states import Outcome
from tickets.queues.columns import add_columns, own_columns
from tickets.queues.filters import add_filters, add_sorts


class KnownErrorFilter(filters.CharFilter):
    """Incidents that took the known error of the problem with a number."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Narrow to them; an unknown number finds nothing."""
        if not value:
            return qs
        uses = KnownErrorUse.objects.filter(known_error__problem__number=value, dropped_at=None)
        return qs.filter(among("pk", uses.values("ticket_id")))


_column = own_columns("problem")


def register() -> None:
    """Let lists, exports and endpoints know them."""
    add_columns(
        _column("level", _("Level"), "level__name_zh", "level__name_en", sort="level"),
        _column(
            "problem_category",
            _("Category of the problem"),
            "problem_category__name_zh",
            "problem_category__name_en",
            sort="problem_category",
        ),
        _column("problem_source", _("Raised from"), "problem_source__name_zh", "problem_source__name_en"),
        _column("outcome", _("Outcome"), shown="get_outcome_display"),
        _column("published_at", _("Known error published")),
        _column("watch_until", _("Recurrence watched until")),
        _column("root_cause", _("Root cause"), wide=True),
        _column("workaround", _("Workaround"), wide=True),
    )
    nothing = [(NONE, _("None"))]
    add_filters(
        "problem",
        level=CodesFilter(field_name="problem__level", model=ProblemLevel, words=nothing, label=_("Level")),
        problem_category=CodesFilter(
            field_name="problem__problem_category",
            model=ProblemCategory,
            words=nothing,
            label=_("Category of the problem"),
        ),
        problem_source=CodesFilter(
            field_name="problem__problem_source", model=ProblemSource, words=nothing, label=_("Raised from")
        ),
        outcome=ChoicesFilter(field_name="problem__outcome", choices=[*Outcome.choices, *nothing], label=_("Outcome")),
    )
    add_filters(
        "incident",
        known_error=KnownErrorFilter(label=_("Number of the problem whose known error helped"), max_length=20),
    )
    add_sorts(
        level=(Column("problem__level__position", nullable=True),),
        problem_category=(Column("problem__problem_category__position", nullable=True),),
    )
