"""Known errors: what is published to agents, which incidents took it, and who was told (PRB-05)."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models import BusinessSystem, ConfigurationItem
from tickets.models import Ticket


class KnownErrorQuerySet(models.QuerySet["KnownError"]):
    """Known errors."""

    def valid(self, now: datetime | Now) -> KnownErrorQuerySet:
        """Those that are offered at ``now``; the database's own moment where nobody has another."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=now), withdrawn_at=None)

    def with_words(self, words: str) -> KnownErrorQuerySet:
        """Those with every word in their texts, or whose problem or item it names; all for no words.

        A text that is a term of the glossary finds what is written with its name in the other language.
        """
        if not words:
            return self
        every = Q()
        for word in words.split():
            named = Q(problem__number__iexact=word) | Q(items__identifier__iexact=word)
            every &= _holds(word) | named
        terms = Term.objects.filter(Q(zh__iexact=words) | Q(en__iexact=words)).values_list("zh", "en")
        names = {name for pair in terms for name in pair}
        return self.filter(reduce(or_, map(_holds, names), every)).distinct()


def _holds(word: str) -> Q:
    return Q(title__icontains=word) | Q(symptoms__icontains=word) | Q(steps__icontains=word)


class KnownError(models.Model):
    """What agents may know of a problem: symptoms, where, how to get round it, until when. No internal note."""

    problem = models.OneToOneField("problems.Problem", models.CASCADE, related_name="known_error")
    title = models.CharField(_("title"), max_length=200)
    symptoms = models.TextField(_("symptoms"))
    cause = models.TextField(_("cause"), blank=True)
    steps = models.TextField(_("workaround"))
    business_system = models.ForeignKey(
        BusinessSystem, models.PROTECT, null=True, blank=True, verbose_name=_("business system")
    )
    items: Any = models.ManyToManyField(ConfigurationItem, blank=True, verbose_name=_("configuration items"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("published by"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    objects = KnownErrorQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at"]
        verbose_name = _("known error")
        verbose_name_plural = _("known errors")

    def __str__(self) -> str:
        return self.title


class KnownErrorUse(models.Model):
    """An incident that took the workaround; taken, dropped and taken again it counts once."""

    known_error = models.ForeignKey(KnownError, models.CASCADE, related_name="uses")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="known_error_uses")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("use of a known error")
        verbose_name_plural = _("uses of known errors")
        constraints = [models.UniqueConstraint(fields=["known_error", "ticket"], name="known_error_once_a_ticket")]

    def __str__(self) -> str:
        return f"{self.known_error_id} {self.ticket_id}"


class Telling(models.Model):
    """An incident that was told the workaround: the row is what makes it once."""

    known_error = models.ForeignKey(KnownError, models.CASCADE, related_name="tellings")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("incident that was told")
        verbose_name_plural = _("incidents that were told")
        constraints = [models.UniqueConstraint(fields=["known_error", "ticket"], name="workaround_told_once")]

    def __str__(self) -> str:
        return f"{self.known_error_id} {self.ticket_id}"


class Term(models.Model):
    """A term of the trade in both languages: what is reported in one finds what is known in the other."""

    zh = models.CharField(_("Chinese"), max_length=60)
    en = models.CharField(_("English"), max_length=60)

    class Meta:
        ordering = ["en", "zh"]
        verbose_name = _("term")
        verbose_name_plural = _("glossary")
        constraints = [models.UniqueConstraint(fields=["zh", "en"], name="term_once")]

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"
