"""Rows that the portal keeps for itself: numbers given out, what is declared, answers that may be asked for again."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from accounts.models import User


class NumberCounter(models.Model):
    """The last number given out for a prefix on a local day (TKT-01)."""

    pk = models.CompositePrimaryKey("prefix", "day")
    prefix = models.CharField(max_length=4)
    day = models.DateField()
    last = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.prefix} {self.day}: {self.last}"


class DeclaredState(models.Model):
    """A state of a kind with its phase, as declared: what the database accepts. Written from the code."""

    pk = models.CompositePrimaryKey("kind", "state")
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    phase = models.CharField(max_length=10)

    def __str__(self) -> str:
        return f"{self.kind} {self.state}: {self.phase}"


class DeclaredTransition(models.Model):
    """A change of state that some action declares: all that the database accepts. Written from the code."""

    pk = models.CompositePrimaryKey("kind", "source", "target")
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    target = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.kind} {self.source} -> {self.target}"


class DeclaredPrivateText(models.Model):
    """An action whose text requesters do not read although they see that it was done. Written from the code."""

    pk = models.CompositePrimaryKey("kind", "action")
    kind = models.CharField(max_length=20)
    action = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.kind} {self.action}"


class IdempotencyKey(models.Model):
    """The answer to a creating request, kept so that a repeated one gets the same (API-02)."""

    user = models.ForeignKey(User, models.CASCADE)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_unique")]

    def __str__(self) -> str:
        return self.key
