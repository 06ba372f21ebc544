import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import itsm.sealed_fields
from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        ("tickets", "0001_squashed_0022"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EventChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=40, unique=True, verbose_name="event")),
                (
                    "allowed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="may be chosen",
                    ),
                ),
                (
                    "default",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="unless chosen",
                    ),
                ),
                (
                    "fixed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="always",
                    ),
                ),
            ],
            options={
                "verbose_name": "channels of an event",
                "verbose_name_plural": "channels of events",
                "ordering": ["event"],
            },
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sms", "SMS"),
                            ("wecom", "WeCom robot"),
                            ("dingtalk", "DingTalk robot"),
                            ("feishu", "Feishu robot"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "url",
                    itsm.sealed_fields.SealedTextField(
                        max_length=500,
                        purpose="endpoint",
                        validators=[django.core.validators.URLValidator(["http", "https"])],
                        verbose_name="address",
                    ),
                ),
                (
                    "secret",
                    itsm.sealed_fields.SealedTextField(
                        blank=True, max_length=200, purpose="endpoint", verbose_name="secret"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "Simplified Chinese")],
                        default="zh-hans",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                ("urgent_only", models.BooleanField(default=False, verbose_name="P1 and P2 only")),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="Empty: all.",
                        size=None,
                        verbose_name="events",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("failures", models.PositiveIntegerField(default=0, editable=False, verbose_name="failures in a row")),
                ("open_until", models.DateTimeField(editable=False, null=True, verbose_name="tried again at")),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="endpoints",
                        to="accounts.supportgroup",
                        verbose_name="only tickets of this group",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="endpoints",
                        to="accounts.organisation",
                        verbose_name="only tickets of this customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "outside address",
                "verbose_name_plural": "outside addresses",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                ("event", models.CharField(max_length=40, verbose_name="event")),
                ("urgent", models.BooleanField(default=False, verbose_name="urgent")),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("payload", models.JSONField(default=dict)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["due_at"], name="notice_by_due")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("portal", "In the portal"),
                            ("email", "Email"),
                            ("sms", "SMS"),
                            ("wecom", "WeCom robot"),
                            ("dingtalk", "DingTalk robot"),
                            ("feishu", "Feishu robot"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                ("urgent", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("sending", "Being sent"),
                            ("carried", "In another message"),
                            ("sent", "Handed over"),
                            ("uncertain", "Uncertain"),
                            ("dead", "Not delivered"),
                            ("skipped", "Left out"),
                            ("obsolete", "No longer needed"),
                            ("closed", "Given up"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("tries_before", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(verbose_name="next try")),
                ("lease_token", models.UUIDField(null=True)),
                ("message_id", models.CharField(blank=True, max_length=120)),
                ("rendered", models.JSONField(default=dict)),
                ("possible_duplicate", models.BooleanField(default=False, verbose_name="possibly doubled")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="handed over")),
                ("lateness", models.DurationField(null=True, verbose_name="lateness")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                ("read_at", models.DateTimeField(null=True, verbose_name="read")),
                ("acknowledged_at", models.DateTimeField(null=True, verbose_name="acknowledged")),
                (
                    "lead",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="carried",
                        to="notifications.delivery",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="notifications.endpoint",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notifications.notice",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ("pending", "sending"))),
                        fields=["next_try_at"],
                        name="delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ("pending", "sending")), ("urgent", True)),
                        fields=["next_try_at"],
                        name="delivery_due_urgent",
                    ),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["recipient", "channel"],
                        name="delivery_waiting_for_reader",
                    ),
                    models.Index(
                        condition=models.Q(("channel", "portal")), fields=["recipient", "-id"], name="delivery_bell"
                    ),
                    models.Index(
                        condition=models.Q(("channel", "portal"), ("read_at", None)),
                        fields=["recipient"],
                        name="delivery_bell_unread",
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ("dead", "uncertain"))),
                        fields=["-id"],
                        name="delivery_troubled",
                    ),
                    models.Index(
                        condition=models.Q(("sent_at__isnull", False)), fields=["sent_at"], name="delivery_by_sent"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("recipient__isnull", False)),
                        fields=("notice", "recipient", "channel"),
                        name="delivery_once_per_reader",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("recipient", None)),
                        fields=("notice", "endpoint"),
                        name="delivery_once_per_endpoint",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recipient__isnull", False), ("endpoint__isnull", False), _connector="OR"),
                        name="delivery_has_a_reader",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "sent"), _negated=True), ("sent_at__isnull", False), _connector="OR"
                        ),
                        name="delivery_sent_has_its_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=40, verbose_name="event")),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "Simplified Chinese")],
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email and portal"), ("sms", "SMS and chat rooms")],
                        default="email",
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=200, verbose_name="subject")),
                ("body", models.TextField(max_length=4000, verbose_name="text")),
            ],
            options={
                "verbose_name": "template of notices",
                "verbose_name_plural": "templates of notices",
                "ordering": ["event", "language", "channel"],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "language", "channel"), name="notice_template_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="AnswerLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("nonce", models.CharField(editable=False, max_length=64)),
                ("version", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="answer_links", to="tickets.ticket"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        blank=True,
                        choices=[("", "Is it solved?"), ("call", "Are you coming?"), ("rate", "How was it?")],
                        db_default="",
                        default="",
                        max_length=5,
                    ),
                ),
            ],
            options={
                "verbose_name": "answer link",
                "verbose_name_plural": "answer links",
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "user", "version", "purpose"), name="answer_link_once"),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))), name="answer_link_expires"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("sent", "Handed over"),
                            ("definite", "Failed"),
                            ("permanent", "Refused for good"),
                            ("uncertain", "Uncertain"),
                        ],
                        max_length=10,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=300)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="notifications.delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "try",
                "verbose_name_plural": "tries",
                "ordering": ["delivery", "number"],
                "constraints": [models.UniqueConstraint(fields=("delivery", "number"), name="attempt_numbered")],
            },
        ),
    ]
