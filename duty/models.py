"""Rosters: whose turn it is in a group, who stands in, who is away."""

from __future__ import annotations

import zoneinfo
from datetime import time

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import SupportGroup, User
from duty.querysets import RosterQuerySet


def check_zone(name: str) -> None:
    """Raise ValidationError for a time zone that there is not."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("There is no such time zone."))


def portal_zone() -> str:
    """The zone of new rosters."""
    return settings.TIME_ZONE


class Roster(models.Model):
    """The turns of a group's members: each lasts a day or a week, from ``handover`` on, in the roster's own zone.

    ``starts_on`` is the day of the first member's first turn. ``management``: whoever is on duty here is the duty
    manager of the whole portal, told when nobody else can be found.
    """

    class Period(models.TextChoices):
        DAY = "day", _("A day each")
        WEEK = "week", _("A week each")

    group = models.OneToOneField(SupportGroup, models.CASCADE, related_name="roster", verbose_name=_("group"))
    period = models.CharField(_("turns"), max_length=4, choices=Period, default=Period.WEEK)
    starts_on = models.DateField(_("first turn"))
    handover = models.TimeField(_("handed over at"), default=time(9))
    time_zone = models.CharField(_("time zone"), max_length=50, default=portal_zone, validators=[check_zone])
    management = models.BooleanField(_("is the duty manager"), default=False)
    members = models.ManyToManyField(User, through="RosterMember", related_name="rosters", verbose_name=_("members"))

    objects = RosterQuerySet.as_manager()

    class Meta:
        ordering = ["group__tier", "group__name_zh"]
        verbose_name = _("duty roster")
        verbose_name_plural = _("duty rosters")
        constraints = [
            models.UniqueConstraint(fields=["management"], condition=Q(management=True), name="one_management_roster")
        ]

    def __str__(self) -> str:
        return str(self.group)


class RosterMember(models.Model):
    """A place in the order of turns."""

    roster = models.ForeignKey(Roster, models.CASCADE, related_name="places")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    position = models.PositiveSmallIntegerField(_("place"))

    class Meta:
        ordering = ["roster", "position"]
        verbose_name = _("place in a roster")
        verbose_name_plural = _("places in rosters")
        constraints = [models.UniqueConstraint(fields=["roster", "user"], name="roster_member_unique")]

    def __str__(self) -> str:
        return f"{self.roster_id} {self.position} {self.user_id}"


class Override(models.Model):
    """Somebody stands in for a span, whoever's turn it is. Of two that overlap the later made one holds.

    A swap is two of them with the same ``swap``: each has the other's turn.
    """

    class Kind(models.TextChoices):
        STAND_IN = "stand_in", _("Stands in")
        SWAP = "swap", pgettext_lazy("roster", "Swapped")

    roster = models.ForeignKey(Roster, models.CASCADE, related_name="overrides")
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.STAND_IN)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    swap = models.UUIDField(null=True, editable=False)
    note = models.CharField(_("note"), max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    made_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["starts_at", "id"]
        verbose_name = _("stand-in")
        verbose_name_plural = _("stand-ins")
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="override_in_order")]
        indexes = [models.Index(fields=["roster", "ends_at"], name="override_of_roster")]

    def __str__(self) -> str:
        return f"{self.roster_id} {self.user_id} {self.starts_at:%Y-%m-%d %H:%M}"


class Absence(models.Model):
    """A person is away; ``deputy`` has their turns meanwhile, else the next in the order."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences", verbose_name=_("person"))
    deputy = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="deputy_for", verbose_name=_("deputy")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    made_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["starts_at", "id"]
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_in_order"),
            models.CheckConstraint(condition=Q(deputy=None) | ~Q(deputy=F("user")), name="absence_deputy_is_another"),
        ]
        indexes = [models.Index(fields=["user", "ends_at"], name="absence_of_person")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.starts_at:%Y-%m-%d %H:%M}"


class SwapProposal(models.Model):
    """One person asks another to have each other's turn; nothing changes until the other accepts (ORG-05).

    ``first`` is the beginning of the turn of ``proposer``, ``second`` that of ``other``.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("swap", "Open")
        ACCEPTED = "accepted", pgettext_lazy("swap", "Accepted")
        DECLINED = "declined", pgettext_lazy("swap", "Declined")
        WITHDRAWN = "withdrawn", pgettext_lazy("swap", "Withdrawn")

    roster = models.ForeignKey(Roster, models.CASCADE, related_name="proposals")
    proposer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("proposed by"), db_index=False)
    other = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked"), db_index=False)
    first = models.DateTimeField(_("turn of who proposes"))
    second = models.DateTimeField(_("turn of who is asked"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    made_at = models.DateTimeField(editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("proposed swap")
        verbose_name_plural = _("proposed swaps")
        constraints = [
            models.CheckConstraint(condition=~Q(proposer=F("other")), name="swap_between_two"),
            models.UniqueConstraint(
                fields=["roster", "first", "second"], condition=Q(state="open"), name="swap_proposed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roster_id} {self.proposer_id} {self.other_id} {self.state}"
