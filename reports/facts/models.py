"""What figures count from: a narrow row per ticket, and the tickets whose rows are to be made anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models.functions import Now

from accounts.models import Organisation, SupportGroup, User
from cmdb.models import BusinessSystem
from tickets.models import Category, Nature, Priority, Satisfaction, Source, Ticket


def _of(model: type[models.Model]) -> Any:
    """A column with the name that it has in tickets, so that filters and conditions of lists work on facts, too."""
    return models.ForeignKey(
        model, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )


#: What boards filter by.
NARROWED_BY = ("group", "assignee", "business_system", "organisation", "category", "priority", "source")


def _by_date(name: str, when: str, *counted: str) -> list[models.Index]:
    """Indexes from which a period is counted without reading the table: of everything, and whatever the filter.

    Most boards are not filtered; what filters need makes an index four times as large, and counting as slow.
    """
    return [
        models.Index(fields=["kind", when], include=[*counted], name=name),
        models.Index(fields=["kind", when], include=[*counted, *NARROWED_BY], name=f"{name}_narrowed"),
    ]


class FactColumns(models.Model):
    """A ticket as figures count it; columns that tickets have, too, have their names.

    ``in_created`` … ``in_agreed``: to which sets of its kind it belongs, a bit each, of those that are placed by that
    date (``reports.facts.sets``). ``open_during``: from registration until it ended. ``worked``: what its clock of
    solving counted.
    """

    kind = models.CharField(max_length=20)
    phase = models.CharField(max_length=10)
    nature, priority, source, category = _of(Nature), _of(Priority), _of(Source), _of(Category)
    business_system, satisfaction = _of(BusinessSystem), _of(Satisfaction)
    organisation, group, assignee = _of(Organisation), _of(SupportGroup), _of(User)
    duplicate_of = _of(Ticket)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    responded_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    resolved_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    closed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    agreed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    planned_completion_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    waiting_since: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    responded_in_time = models.BooleanField(null=True)
    completed_in_time = models.BooleanField(null=True)
    open_during: Any = DateTimeRangeField(null=True)  # type: ignore[misc]
    worked: models.DurationField[timedelta | None, timedelta | None] = models.DurationField(null=True)
    in_created = models.BigIntegerField(default=0)
    in_responded = models.BigIntegerField(default=0)
    in_resolved = models.BigIntegerField(default=0)
    in_closed = models.BigIntegerField(default=0)
    in_agreed = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class Fact(FactColumns):
    """What is known of a ticket now. Nobody writes it but ``reports.facts.keeping``; ``recount`` makes it again."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="+", db_constraint=False)

    class Meta:
        indexes = [
            *_by_date("fact_by_creation", "created_at", "in_created"),
            *_by_date("fact_by_solution", "resolved_at", "in_resolved", "created_at", "worked"),
            *_by_date("fact_by_closing", "closed_at", "in_closed"),
            *_by_date("fact_by_response", "responded_at", "in_responded"),
            models.Index(fields=["agreed_at"], condition=models.Q(agreed_at__isnull=False), name="fact_by_agreement"),
            GistIndex(fields=["open_during"], name="fact_open_during"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class FactVersionQuerySet(models.QuerySet):
    """Versions of facts."""

    def known(self, at: datetime) -> FactVersionQuerySet:
        """Those that were known at a moment: one of each ticket, at most."""
        return self.filter(models.Q(known_until=None) | models.Q(known_until__gt=at), known_from__lte=at)


class FactVersion(FactColumns):
    """What was known of a ticket from ``known_from`` until ``known_until`` (None: it still is), by the server's clock.

    A line of this table says what a figure was counted from, whenever it was: boards are asked "as known then".
    """

    ticket = models.ForeignKey(Ticket, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    known_from: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    known_until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    objects = FactVersionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["ticket", "known_from"], name="version_of_ticket"),
            models.Index(fields=["ticket"], condition=models.Q(known_until=None), name="version_that_holds"),
            models.Index(fields=["kind", "created_at"], name="version_by_creation"),
            models.Index(fields=["kind", "resolved_at"], name="version_by_solution"),
            models.Index(fields=["kind", "closed_at"], name="version_by_closing"),
            models.Index(fields=["kind", "responded_at"], name="version_by_response"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ticket_id} {self.known_from}"


class ChangedTicket(models.Model):
    """A ticket whose fact is to be made anew. Triggers write a line in the transaction that changes the ticket.

    Never one line per ticket: a line that another transaction is about to work off would hide a later change.
    """

    ticket_id = models.BigIntegerField()
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.ticket_id)


class Counted(models.Model):
    """By which definitions the facts were made: when the sets of a kind are others, they are counted anew.

    ``version`` rises whenever a fact changes. ``sealed_at``: when something was counted last that is kept: what
    becomes known later was not known then. ``kept_since``: since when versions are kept. ``sets``: by code, [column of
    flags, place of its bit, since when it is kept: a moment, or null as long as versions are]; no bit is used twice.
    """

    kind = models.CharField(max_length=20, primary_key=True)
    definitions = models.CharField(max_length=64)
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    mended = models.PositiveIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    sealed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    kept_since: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    sets: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.kind
