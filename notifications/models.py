"""Notices, how each reached each reader, and where they are sent. What a row means is in reliability terms:

a ``Notice`` is what has to be told, once, in the transaction of what caused it; a ``Delivery`` is the telling of one
person by one channel, or of one endpoint; an ``Attempt`` is a try of it. A delivery is never removed by sending.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation, SupportGroup, User
from itsm.sealed_fields import SealedTextField
from notifications.events import CHOSEN, PERSONAL, Channel, Event, event_of
from notifications.querysets import DeliveryQuerySet, EndpointQuerySet
from tickets.models import Ticket

#: What address and secret of an endpoint are sealed for.
PURPOSE = "endpoint"


class Endpoint(models.Model):
    """A place outside to which notices are posted: an SMS gateway, a chat robot, a program.

    ``failures`` in a row open the circuit: until ``open_until`` nothing is sent, so that a dead endpoint costs nobody
    else any time. ``events`` and ``group`` narrow what a room or a program is told; a gateway serves whoever has a
    mobile number. Address and secret are sealed: whoever knows the address of a chat robot can write in its name.
    """

    KINDS = [choice for choice in Channel.choices if choice[0] not in ("portal", "email")]

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    url = SealedTextField(_("address"), max_length=500, validators=[URLValidator(["http", "https"])], purpose=PURPOSE)
    secret = SealedTextField(_("secret"), max_length=200, blank=True, purpose=PURPOSE)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="zh-hans")
    group = models.ForeignKey(
        SupportGroup,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="endpoints",
        verbose_name=_("only tickets of this group"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="endpoints",
        verbose_name=_("only tickets of this customer"),
    )
    urgent_only = models.BooleanField(_("P1 and P2 only"), default=False)
    events = ArrayField(
        models.CharField(max_length=40), verbose_name=_("events"), default=list, blank=True, help_text=_("Empty: all.")
    )
    active = models.BooleanField(_("active"), default=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    open_until = models.DateTimeField(_("tried again at"), null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("outside address")
        verbose_name_plural = _("outside addresses")

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """Where it leads, without what opens it; empty: the address cannot be read."""
        return urlsplit(self.url).hostname or ""

    def wants(self, event: str, ticket: Ticket | None, *, urgent: bool) -> bool:
        """Whether a room or a program is told of ``event`` on ``ticket``. A gateway is never told by itself."""
        if self.kind == Channel.SMS or (self.urgent_only and not urgent) or (self.events and event not in self.events):
            return False
        group, organisation = (ticket.group_id, ticket.organisation_id) if ticket else (None, None)
        return self.group_id in (None, group) and self.organisation_id in (None, organisation)


class Notice(models.Model):
    """Something that has to be told. ``key`` says what it is about: the same thing is told once, ever.

    ``due_at`` is when it should be known, ``created_at`` when it was stored. ``payload`` holds the values of the
    placeholders that the ticket alone cannot give later.
    """

    key = models.CharField(max_length=200, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="notices")
    event = models.CharField(_("event"), max_length=40)
    urgent = models.BooleanField(_("urgent"), default=False)
    due_at = models.DateTimeField(_("due"))
    created_at = models.DateTimeField(_("created"))
    payload = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [models.Index(fields=["due_at"], name="notice_by_due")]

    def __str__(self) -> str:
        return self.key

    @property
    def event_info(self) -> Event:
        """What is declared about its event."""
        return event_of(self.event)


class Delivery(models.Model):
    """The telling of one reader by one channel. The row is the ledger: its status says what is known about it.

    ``next_try_at``: when it is tried, or, while it is being sent, when that try is given up as lost (its lease).
    ``lead``: the delivery whose message carried this one along. ``rendered``: the message as it was first written, so
    that every try sends the same; removed once it is over. ``message_id`` stays, also on every try the same.
    """

    class Status(models.TextChoices):
        PENDING = "pending", pgettext_lazy("delivery", "Waiting")
        SENDING = "sending", pgettext_lazy("delivery", "Being sent")
        CARRIED = "carried", pgettext_lazy("delivery", "In another message")
        SENT = "sent", pgettext_lazy("delivery", "Handed over")
        UNCERTAIN = "uncertain", pgettext_lazy("delivery", "Uncertain")
        DEAD = "dead", pgettext_lazy("delivery", "Not delivered")
        SKIPPED = "skipped", pgettext_lazy("delivery", "Left out")
        OBSOLETE = "obsolete", pgettext_lazy("delivery", "No longer needed")
        CLOSED = "closed", pgettext_lazy("delivery", "Given up")

    ACTIVE = (Status.PENDING.value, Status.SENDING.value)
    TROUBLED = (Status.DEAD.value, Status.UNCERTAIN.value)
    FAILED = (*TROUBLED, Status.CLOSED.value)

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(User, models.PROTECT, null=True, related_name="deliveries", db_index=False)
    endpoint = models.ForeignKey(Endpoint, models.PROTECT, null=True, related_name="deliveries", db_index=False)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    urgent = models.BooleanField(default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    attempt = models.PositiveSmallIntegerField(_("tries"), default=0)
    tries_before = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(_("next try"))
    lease_token = models.UUIDField(null=True)
    lead = models.ForeignKey("self", models.SET_NULL, null=True, related_name="carried")
    message_id = models.CharField(max_length=120, blank=True)
    rendered = models.JSONField(default=dict)
    possible_duplicate = models.BooleanField(_("possibly doubled"), default=False)
    sent_at = models.DateTimeField(pgettext_lazy("delivery", "handed over"), null=True)
    lateness = models.DurationField(_("lateness"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    read_at = models.DateTimeField(_("read"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "recipient", "channel"],
                condition=Q(recipient__isnull=False),
                name="delivery_once_per_reader",
            ),
            models.UniqueConstraint(
                fields=["notice", "endpoint"], condition=Q(recipient=None), name="delivery_once_per_endpoint"
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=False) | Q(endpoint__isnull=False), name="delivery_has_a_reader"
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False), name="delivery_sent_has_its_time"
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(status__in=("pending", "sending")), name="delivery_due"),
            models.Index(
                fields=["next_try_at"],
                condition=Q(status__in=("pending", "sending"), urgent=True),
                name="delivery_due_urgent",
            ),
            models.Index(
                fields=["recipient", "channel"], condition=Q(status="pending"), name="delivery_waiting_for_reader"
            ),
            models.Index(fields=["recipient", "-id"], condition=Q(channel="portal"), name="delivery_bell"),
            models.Index(
                fields=["recipient"], condition=Q(channel="portal", read_at=None), name="delivery_bell_unread"
            ),
            models.Index(fields=["-id"], condition=Q(status__in=("dead", "uncertain")), name="delivery_troubled"),
            models.Index(fields=["sent_at"], condition=Q(sent_at__isnull=False), name="delivery_by_sent"),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.channel} {self.status}"

    @property
    def is_personal(self) -> bool:
        """Whether it goes to one person."""
        return self.channel in PERSONAL


class Attempt(models.Model):
    """A try to hand a delivery over, with what came of it. Written once, when the result is known."""

    never_emptied = True

    class Result(models.TextChoices):
        SENT = "sent", pgettext_lazy("delivery", "Handed over")
        DEFINITE = "definite", _("Failed")
        PERMANENT = "permanent", _("Refused for good")
        UNCERTAIN = "uncertain", pgettext_lazy("delivery", "Uncertain")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    result = models.CharField(max_length=10, choices=Result)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["delivery", "number"]
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_numbered")]

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.number} {self.result}"


class NoticeTemplate(models.Model):
    """What administrators wrote in the place of a shipped text. ``channel`` sms stands for chat rooms too."""

    class Form(models.TextChoices):
        EMAIL = "email", _("Email and portal")
        SHORT = "sms", _("SMS and chat rooms")

    event = models.CharField(_("event"), max_length=40)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    channel = models.CharField(_("channel"), max_length=10, choices=Form, default=Form.EMAIL)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"), max_length=4000)

    class Meta:
        ordering = ["event", "language", "channel"]
        verbose_name = _("template of notices")
        verbose_name_plural = _("templates of notices")
        constraints = [models.UniqueConstraint(fields=["event", "language", "channel"], name="notice_template_unique")]

    def __str__(self) -> str:
        return f"{event_of(self.event).label} · {self.get_language_display()} · {self.get_channel_display()}"


class EventChoice(models.Model):
    """What administrators decided about the channels of an event; without a row the shipped defaults hold.

    ``allowed``: people may choose these; ``default``: what they get until they do; ``fixed``: what nobody can refuse.
    """

    event = models.CharField(_("event"), max_length=40, unique=True)
    allowed = ArrayField(models.CharField(max_length=10), verbose_name=_("may be chosen"), default=list, blank=True)
    default = ArrayField(models.CharField(max_length=10), verbose_name=_("unless chosen"), default=list, blank=True)
    fixed = ArrayField(models.CharField(max_length=10), verbose_name=_("always"), default=list, blank=True)

    class Meta:
        ordering = ["event"]
        verbose_name = _("channels of an event")
        verbose_name_plural = _("channels of events")

    def __str__(self) -> str:
        return str(event_of(self.event).label)

    @classmethod
    def shipped(cls, event: str, *, urgent: bool) -> EventChoice:
        """The choice that holds while nobody made one."""
        return cls(event=event, allowed=list(CHOSEN), default=list(event_of(event).defaults(urgent=urgent)))


class AnswerLink(models.Model):
    """A link in a mail with which one person answers one thing about one ticket, without signing in, once (INC-10).

    Its text is made from ``nonce`` and the portal's key: reading the database does not give it away. ``version``: of
    the ticket that the question is about; a call is answered whatever happens to it, its version is the notice.
    """

    class Purpose(models.TextChoices):
        SOLVED = "", _("Is it solved?")
        CALL = "call", _("Are you coming?")
        RATE = "rate", _("How was it?")

    nonce = models.CharField(max_length=64, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="answer_links")
    version = models.PositiveIntegerField()
    purpose = models.CharField(max_length=5, choices=Purpose, default=Purpose.SOLVED, db_default="", blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("answer link")
        verbose_name_plural = _("answer links")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "user", "version", "purpose"], name="answer_link_once"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="answer_link_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.user_id}"


def payload_text(payload: dict[str, Any], name: str) -> str:
    """A value of a payload as text."""
    value = payload.get(name, "")
    return "" if value is None else str(value)
