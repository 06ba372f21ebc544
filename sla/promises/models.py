"""Policies: what is promised, to whom, in which time. What was published never changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.codes import CodeTable
from accounts.models import Organisation, SupportGroup, User
from cmdb.models import BusinessSystem
from sla.calendars.models import Calendar
from tickets.database.triggers import APPEND_ONLY
from tickets.models import Nature, Priority


class AgreementKind(models.TextChoices):
    """Who promises whom (SLM-02)."""

    SLA = "sla", _("SLA: to a customer")
    OLA = "ola", _("OLA: by a group")
    UC = "uc", _("UC: by a supplier")


class Metric(models.TextChoices):
    """What is measured (``sla_clock_definitions``). Dispatch: until a group has it, the desk's own limit (INC-22)."""

    DISPATCH = "dispatch", _("Dispatch")
    RESPONSE = "response", _("Response")
    ON_SITE = "on_site", _("On site")
    CAUSE = "cause", _("Root cause")
    RESOLVE = "resolve", _("Resolution")
    UPDATE = "update", _("Status update")
    RECORD = "record", _("Completion of the record")
    NOTICE = "notice", _("Configuration notice")
    ORDER = "order", _("Update of configuration items")


#: Limits that only some kinds have: a promise of one names the kind.
OF_KINDS = (Metric.CAUSE, Metric.RECORD, Metric.NOTICE, Metric.ORDER)


class Moment(models.TextChoices):
    """What a limit to the customer may count from, or until, in the order in which it happens (SLM-04).

    Kinds say in which column each is (``tickets.meaning.Clocks.moments``). Dispatched: to a group, for the first time;
    started: somebody took it and works on it; closed: solved and closed, by the customer's confirmation or by time.
    """

    REGISTERED = "registered", pgettext_lazy("moment", "Registration")
    DISPATCHED = "dispatched", pgettext_lazy("moment", "Dispatch to a group")
    STARTED = "started", pgettext_lazy("moment", "Start of work")
    RESOLVED = "resolved", pgettext_lazy("moment", "Resolution")
    CLOSED = "closed", pgettext_lazy("moment", "Closing of what was solved")


class ContractPhase(CodeTable):
    """A phase of a contract; in some no service level is promised (SLM-02). ``weeks``: how long it usually takes."""

    weeks = models.PositiveSmallIntegerField(_("usual length (weeks)"), null=True, blank=True)
    sla_applies = models.BooleanField(_("service levels apply"), default=True)

    class Meta(CodeTable.Meta):
        verbose_name = _("contract phase")
        verbose_name_plural = _("contract phases")


class FaultLevel(CodeTable):
    """How contracts call a fault, and the priorities that are meant (SLM-03)."""

    priorities = models.ManyToManyField(Priority, blank=True, verbose_name=_("priorities"), related_name="+")

    class Meta(CodeTable.Meta):
        verbose_name = _("fault level")
        verbose_name_plural = _("fault levels")


class Policy(CodeTable):
    """A named set of targets.

    ``is_default``: of an SLA, for customers without an agreement of their own; of an OLA, what the desk promises of
    tickets that no group has yet.
    """

    kind = models.CharField(_("kind"), max_length=3, choices=AgreementKind, default=AgreementKind.SLA)
    is_default = models.BooleanField(_("for everybody without an agreement"), default=False)

    class Meta(CodeTable.Meta):
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=Q(is_default=True), name="policy_one_default_of_kind"),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(kind__in=["sla", "ola"]), name="policy_default_is_sla_or_ola"
            ),
        ]


def _moment(label: Any, default: Moment) -> Any:
    return models.CharField(label, max_length=10, choices=Moment, default=default, db_default=default.value)


class PolicyVersion(models.Model):
    """A policy as it was published, valid for clocks that start between two moments. Never changed.

    ``pausing``: reasons for waiting that stop its clocks. ``warnings``: percent of each target at which people
    are warned. ``on_change``: from when a changed priority or policy counts (INC-04). ``restarts``: a ticket that
    was handed back to the desk and is dispatched again has a new response time (SLM-05). ``response_starts`` to
    ``resolve_stops``: from which moment to which response and resolution to the customer count (SLM-04).
    """

    class OnChange(models.TextChoices):
        FROM_START = "from_start", _("From the start of the clock")
        FROM_CHANGE = "from_change", _("From the moment of the change")

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions", verbose_name=_("policy"))
    number = models.PositiveIntegerField(_("version"))
    valid_from: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("valid from"))
    valid_until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("valid until"), null=True
    )
    pausing = ArrayField(models.CharField(max_length=40), default=list, verbose_name=_("waiting that pauses"))
    warnings = ArrayField(models.PositiveSmallIntegerField(), default=list, verbose_name=_("warnings (percent)"))
    on_change = models.CharField(
        _("a changed priority counts"), max_length=11, choices=OnChange, default=OnChange.FROM_START
    )
    restarts = models.BooleanField(_("the response counts anew after a return to the desk"), default=False)
    response_starts = _moment(_("response counts from"), Moment.DISPATCHED)
    response_stops = _moment(_("response counts until"), Moment.STARTED)
    resolve_starts = _moment(_("resolution counts from"), Moment.STARTED)
    resolve_stops = _moment(_("resolution counts until"), Moment.RESOLVED)
    content_hash = models.CharField(max_length=64)
    note = models.CharField(_("reason"), max_length=300, blank=True)
    published_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("published by"))

    class Meta:
        ordering = ["policy", "-number"]
        verbose_name = _("version of a policy")
        verbose_name_plural = _("versions of policies")
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_unique"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="policy_version_valid"
            ),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.policy_id} v{self.number}"

    def moments(self, metric: str) -> tuple[str, str]:
        """From which moment to which a limit to the customer counts; empty: as the ticket's kind says."""
        if metric == Metric.RESPONSE:
            return self.response_starts, self.response_stops
        return (self.resolve_starts, self.resolve_stops) if metric == Metric.RESOLVE else ("", "")


class Target(models.Model):
    """One promise: a metric within some minutes of a calendar, for tickets that meet every given condition.

    ``minutes`` None: as the priority says. ``kind`` and ``grade``, codes: for kinds with a level or type of their own;
    they have no priority, and what does not name them is not promised to them. Of several that fit, the one with most
    conditions counts, then the first.
    """

    CONDITIONS = ("priority_id", "fault_id", "nature_id", "business_system_id", "organisation_id", "grade", "kind")

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="targets")
    position = models.PositiveSmallIntegerField(default=0)
    metric = models.CharField(pgettext_lazy("service level", "metric"), max_length=10, choices=Metric)
    priority = models.ForeignKey(Priority, models.PROTECT, null=True, verbose_name=_("priority"))
    fault = models.ForeignKey(FaultLevel, models.PROTECT, null=True, verbose_name=_("fault level"))
    nature = models.ForeignKey(Nature, models.PROTECT, null=True, verbose_name=_("nature"))
    business_system = models.ForeignKey(BusinessSystem, models.PROTECT, null=True, verbose_name=_("business system"))
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, verbose_name=_("customer"))
    kind = models.CharField(_("kind"), max_length=20, blank=True, default="", db_default="")
    grade = models.CharField(_("grade"), max_length=40, blank=True, default="", db_default="")
    minutes = models.PositiveIntegerField(_("within (minutes)"), null=True)
    calendar = models.ForeignKey(Calendar, models.PROTECT, verbose_name=_("calendar"))

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        constraints = [
            models.CheckConstraint(condition=Q(minutes=None) | Q(minutes__gt=0), name="target_is_some_time")
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.metric} {self.minutes}"

    def conditions(self) -> dict[str, Any]:
        """The conditions that are given, by column."""
        found = {name: getattr(self, name) for name in self.CONDITIONS}
        return {name: value for name, value in found.items() if value not in (None, "")}

    def within(self, priority: Priority | None) -> timedelta:
        """The time that a ticket of ``priority`` has; without one the target says it itself (``Promises.find``)."""
        if priority is None:
            return timedelta(minutes=self.minutes or 0)
        own = {Metric.RESPONSE: priority.response_minutes, Metric.RESOLVE: priority.resolve_minutes}
        return timedelta(minutes=self.minutes or own.get(Metric(self.metric), priority.resolve_minutes))


class Agreement(models.Model):
    """Which policy counts for a customer (SLA), a group (OLA) or a supplier (UC), and in which phase it is."""

    kind = models.CharField(_("kind"), max_length=3, choices=AgreementKind)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="agreements", verbose_name=_("policy"))
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="agreements",
        verbose_name=_("customer or supplier"),
    )
    group = models.ForeignKey(
        SupportGroup, models.PROTECT, null=True, blank=True, related_name="agreements", verbose_name=_("group")
    )
    phase = models.ForeignKey(ContractPhase, models.PROTECT, null=True, blank=True, verbose_name=_("contract phase"))
    number = models.CharField(_("number"), max_length=60, blank=True)
    valid_from: models.DateField[date, date] = models.DateField(_("valid from"))
    valid_until: models.DateField[date | None, date | None] = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        ordering = ["kind", "-valid_from", "-id"]
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="ola", group__isnull=False, organisation=None)
                | Q(kind__in=["sla", "uc"], group=None, organisation__isnull=False),
                name="agreement_has_its_party",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="agreement_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.organisation or self.group}"


class NoticeRule(models.Model):
    """Who is told when a ticket of a priority is registered, or not responded to or resolved after some time.

    Counts in the clock's calendar and differs from the limits on purpose (``notice_rules``, SLM-06).
    """

    class On(models.TextChoices):
        REGISTERED = "registered", _("Registered")
        NOT_RESPONDED = "not_responded", _("Not responded to")
        NOT_RESOLVED = "not_resolved", _("Not resolved")

    priority = models.ForeignKey(Priority, models.PROTECT, verbose_name=_("priority"))
    on = models.CharField(_("event"), max_length=15, choices=On)
    after_minutes = models.PositiveIntegerField(_("after (minutes)"), null=True, blank=True)
    roles = ArrayField(models.CharField(max_length=40), verbose_name=_("who is told"), default=list)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["priority__rank", "on", "after_minutes"]
        verbose_name = _("notice rule")
        verbose_name_plural = _("notice rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(on="registered", after_minutes=None) | (~Q(on="registered") & Q(after_minutes__gt=0)),
                name="notice_rule_has_its_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.priority_id} {self.get_on_display()}"
