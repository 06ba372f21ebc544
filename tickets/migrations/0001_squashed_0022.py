import datetime
from pathlib import Path

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

import tickets.models
from itsm import initial

#: The functions and triggers that write the documents of the search.
SEARCH = Path(__file__).with_name("0001_search.sql")


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        ("cmdb", "0001_squashed_0026"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CloseCode",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "tier",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("desk", "Service desk"),
                            ("tier1", "First line"),
                            ("tier2", "Second line"),
                            ("tier3", "Third line (vendor)"),
                        ],
                        max_length=5,
                        verbose_name="tier",
                    ),
                ),
                ("on_resolve", models.BooleanField(default=True, verbose_name="offered when resolving")),
            ],
            options={
                "verbose_name": "close code",
                "verbose_name_plural": "close codes",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DeclaredPrivateText",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "action", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("action", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="DeclaredState",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "state", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("state", models.CharField(max_length=20)),
                ("phase", models.CharField(max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name="DeclaredTransition",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "source", "target", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("source", models.CharField(max_length=20)),
                ("target", models.CharField(max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="FileCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(unique=True, verbose_name="time")),
                ("files", models.PositiveIntegerField(verbose_name="files")),
                ("missing", models.PositiveIntegerField(verbose_name="missing")),
                ("damaged", models.PositiveIntegerField(verbose_name="damaged")),
                ("orphaned", models.PositiveIntegerField(verbose_name="without a ticket")),
                ("names", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "comparison of files",
                "verbose_name_plural": "comparisons of files",
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="FileKind",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "content_type",
                    models.CharField(
                        default="application/octet-stream",
                        max_length=100,
                        validators=[django.core.validators.RegexValidator("^[a-z]+/[a-z0-9][a-z0-9.+-]*$")],
                        verbose_name="content type",
                    ),
                ),
            ],
            options={
                "verbose_name": "kind of file",
                "verbose_name_plural": "kinds of files",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Nature",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "nature",
                "verbose_name_plural": "natures",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NumberCounter",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "prefix", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("prefix", models.CharField(max_length=4)),
                ("day", models.DateField()),
                ("last", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Priority",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("rank", models.PositiveSmallIntegerField(unique=True, verbose_name="rank")),
                ("response_minutes", models.PositiveIntegerField(verbose_name="respond within (minutes)")),
                ("resolve_minutes", models.PositiveIntegerField(verbose_name="resolve within (minutes)")),
            ],
            options={
                "verbose_name": "priority",
                "verbose_name_plural": "priorities",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RejectReason",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "reason for rejecting",
                "verbose_name_plural": "reasons for rejecting",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RequestType",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "type of request",
                "verbose_name_plural": "types of request",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Satisfaction",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "satisfaction",
                "verbose_name_plural": "satisfaction answers",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "source",
                "verbose_name_plural": "sources",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="StaleDocuments",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "subject",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("item", "Item"),
                            ("organisation", "Organisation"),
                            ("all", "All"),
                        ],
                        max_length=12,
                    ),
                ),
                ("key", models.BigIntegerField(null=True)),
                ("done_until", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Urgency",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("shift", models.SmallIntegerField(default=0, verbose_name="shift of priority")),
            ],
            options={
                "verbose_name": "urgency",
                "verbose_name_plural": "urgencies",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WaitReason",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "resumes",
                    models.BooleanField(
                        default=False,
                        help_text="At the end of the wait. Otherwise whoever handles it is reminded.",
                        verbose_name="goes on by itself",
                    ),
                ),
            ],
            options={
                "verbose_name": "reason for waiting",
                "verbose_name_plural": "reasons for waiting",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=80, unique=True, verbose_name="code")),
                ("path_zh", models.CharField(editable=False, max_length=400, verbose_name="Chinese path")),
                ("path_en", models.CharField(editable=False, max_length=400, verbose_name="English path")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "default_group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="default_categories",
                        to="accounts.supportgroup",
                        verbose_name="default group",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="tickets.category",
                        verbose_name="parent",
                    ),
                ),
            ],
            options={
                "verbose_name": "category",
                "verbose_name_plural": "categories",
                "ordering": ["position", "code"],
            },
        ),
        migrations.CreateModel(
            name="ImpactLevel",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("reach_zh", models.CharField(blank=True, max_length=200, verbose_name="reach, Chinese")),
                ("reach_en", models.CharField(blank=True, max_length=200, verbose_name="reach, English")),
                (
                    "criteria_zh",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=300),
                        default=list,
                        size=None,
                        verbose_name="criteria, Chinese",
                    ),
                ),
                (
                    "criteria_en",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=300),
                        default=list,
                        size=None,
                        verbose_name="criteria, English",
                    ),
                ),
                (
                    "priority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="tickets.priority", verbose_name="priority"
                    ),
                ),
            ],
            options={
                "verbose_name": "impact level",
                "verbose_name_plural": "impact levels",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("body", models.JSONField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_index=True)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "key"), name="idempotency_key_unique")],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("everyone", models.BooleanField(default=False, verbose_name="for everybody")),
                ("kind", models.CharField(blank=True, max_length=20, verbose_name="kind")),
                ("params", models.JSONField(default=dict)),
                (
                    "layout",
                    models.CharField(
                        blank=True,
                        choices=[("cards", "Cards"), ("table", "Table")],
                        max_length=10,
                        verbose_name="layout",
                    ),
                ),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="columns",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to="accounts.supportgroup",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("everyone", False), ("group", None), ("owner__isnull", False)),
                            models.Q(("everyone", False), ("group__isnull", False), ("owner", None)),
                            models.Q(("everyone", True), ("group", None), ("owner", None)),
                            _connector="OR",
                        ),
                        name="saved_view_has_one_audience",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(editable=False, max_length=20, verbose_name="kind")),
                ("number", models.CharField(editable=False, max_length=20, unique=True, verbose_name="number")),
                (
                    "state",
                    django_fsm.FSMField(
                        default="new", editable=False, max_length=20, protected=True, verbose_name="state"
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("waiting", "Waiting"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="phase",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("summary", models.CharField(max_length=200, verbose_name="summary")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("priority_rank", models.PositiveSmallIntegerField(editable=False)),
                ("complexity", models.PositiveSmallIntegerField(default=2, verbose_name="complexity")),
                ("contact_phone", models.CharField(blank=True, max_length=40, verbose_name="contact phone")),
                ("contact_email", models.EmailField(blank=True, max_length=254, verbose_name="contact email")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("updated_at", models.DateTimeField(verbose_name="updated")),
                ("assigned_at", models.DateTimeField(null=True, verbose_name="assigned")),
                ("responded_at", models.DateTimeField(null=True, verbose_name="actual response")),
                ("resolved_at", models.DateTimeField(null=True, verbose_name="actual completion")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                (
                    "planned_response_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="planned response"),
                ),
                (
                    "planned_completion_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="planned completion"),
                ),
                (
                    "responded_in_time",
                    models.BooleanField(editable=False, null=True, verbose_name="responded in time"),
                ),
                (
                    "completed_in_time",
                    models.BooleanField(editable=False, null=True, verbose_name="completed in time"),
                ),
                (
                    "queue_due_at",
                    models.DateTimeField(
                        default=datetime.datetime(9000, 1, 1, 0, 0, tzinfo=datetime.UTC), editable=False
                    ),
                ),
                (
                    "due_soon_at",
                    models.DateTimeField(
                        default=datetime.datetime(9000, 1, 1, 0, 0, tzinfo=datetime.UTC), editable=False
                    ),
                ),
                ("wait_until", models.DateTimeField(null=True, verbose_name="waits until")),
                ("waiting_since", models.DateTimeField(editable=False, null=True, verbose_name="waits since")),
                ("waited", models.DurationField(editable=False, null=True, verbose_name="time waited")),
                ("satisfaction_comment", models.TextField(blank=True, verbose_name="comment on satisfaction")),
                ("children_total", models.PositiveIntegerField(default=0, editable=False)),
                ("children_open", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "reopen_count",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="times reopened"),
                ),
                ("urge_count", models.PositiveIntegerField(default=0, editable=False, verbose_name="times urged")),
                ("external_system", models.CharField(blank=True, editable=False, max_length=40)),
                ("external_number", models.CharField(blank=True, editable=False, max_length=100)),
                (
                    "assignee",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assigned_tickets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assignee",
                    ),
                ),
                (
                    "business_system",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cmdb.businesssystem",
                        verbose_name="business system",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "duplicate_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duplicates",
                        to="tickets.ticket",
                        verbose_name="duplicate of",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="accounts.supportgroup",
                        verbose_name="group",
                    ),
                ),
                (
                    "impact",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.impactlevel",
                        verbose_name="impact",
                    ),
                ),
                (
                    "nature",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.nature",
                        verbose_name="nature",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="accounts.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="tickets.ticket",
                        verbose_name="part of",
                    ),
                ),
                (
                    "priority",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.priority",
                        verbose_name="priority",
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registered_tickets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="registered by",
                    ),
                ),
                (
                    "requester",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requested_tickets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requester",
                    ),
                ),
                (
                    "satisfaction",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.satisfaction",
                        verbose_name="satisfaction",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.source",
                        verbose_name="source",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handed_tickets",
                        to="accounts.organisation",
                        verbose_name="supplier",
                    ),
                ),
                (
                    "urgency",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.urgency",
                        verbose_name="urgency",
                    ),
                ),
                (
                    "wait_reason",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.waitreason",
                        verbose_name="reason for waiting",
                    ),
                ),
                ("agreed_at", models.DateTimeField(null=True, verbose_name="agreed time")),
                (
                    "agreed_reason",
                    models.TextField(blank=True, db_default="", default="", verbose_name="reason for the agreed time"),
                ),
                ("escalated_at", models.DateTimeField(editable=False, null=True, verbose_name="escalated since")),
                ("closes_at", models.DateTimeField(editable=False, null=True, verbose_name="closes by itself")),
                ("confirmed_at", models.DateTimeField(null=True, verbose_name="confirmed")),
                (
                    "confirmed_by",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=120, verbose_name="confirmed by"
                    ),
                ),
                (
                    "confirmed_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("portal", "In the portal"),
                            ("link", "By the link in a mail"),
                            ("phone", "By phone"),
                            ("chat", "By chat or remote help"),
                            ("mail", "By mail"),
                            ("person", "In person"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="how it was confirmed",
                    ),
                ),
                (
                    "satisfaction_heard",
                    models.BooleanField(
                        db_default=False, default=False, editable=False, verbose_name="satisfaction heard by phone"
                    ),
                ),
                (
                    "dispatched_in_time",
                    models.BooleanField(editable=False, null=True, verbose_name="dispatched in time"),
                ),
                (
                    "wait_count",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, editable=False, verbose_name="times waited"
                    ),
                ),
                ("rounds_open", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
            ],
            options={
                "verbose_name": "ticket",
                "verbose_name_plural": "tickets",
                "indexes": [
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting"))),
                        fields=["priority_rank", "queue_due_at", "complexity", "id"],
                        include=("kind",),
                        name="ticket_live_queue",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting"))),
                        fields=["group", "priority_rank", "queue_due_at", "complexity", "id"],
                        include=("kind", "phase", "due_soon_at", "wait_until", "escalated_at"),
                        name="ticket_live_by_group",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting"))),
                        fields=["assignee", "priority_rank", "queue_due_at", "complexity", "id"],
                        include=("kind",),
                        name="ticket_live_by_assignee",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting"))),
                        fields=["kind", "priority_rank", "queue_due_at", "complexity", "id"],
                        name="ticket_live_by_kind",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting"))),
                        fields=["source", "priority_rank", "queue_due_at", "complexity", "id"],
                        include=("kind",),
                        name="ticket_live_by_source",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting")), ("assignee", None)),
                        fields=["group", "priority_rank", "queue_due_at", "complexity", "id"],
                        include=("kind",),
                        name="ticket_live_unassigned",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting")), ("reopen_count__gt", 0)),
                        fields=["priority_rank", "queue_due_at", "complexity", "id"],
                        include=("kind",),
                        name="ticket_live_reopened",
                    ),
                    models.Index(
                        condition=models.Q(("phase", "waiting")),
                        fields=["priority_rank", "queue_due_at", "complexity", "id"],
                        include=("kind", "wait_until"),
                        name="ticket_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting"))),
                        fields=["queue_due_at", "id"],
                        include=("kind",),
                        name="ticket_live_due",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting"))),
                        fields=["queue_due_at", "due_soon_at"],
                        include=("kind", "priority_rank", "complexity", "id"),
                        name="ticket_live_soon",
                    ),
                    models.Index(
                        condition=models.Q(("phase", "resolved")),
                        fields=["created_at", "id"],
                        include=("kind",),
                        name="ticket_to_confirm",
                    ),
                    models.Index(
                        condition=models.Q(("phase__in", ("open", "waiting")), ("escalated_at__isnull", False)),
                        fields=["priority_rank", "queue_due_at", "complexity", "id"],
                        include=("kind",),
                        name="ticket_live_escalated",
                    ),
                    models.Index(fields=["created_at", "id"], name="ticket_by_creation"),
                    models.Index(fields=["organisation", "created_at", "id"], name="ticket_by_organisation"),
                    models.Index(fields=["requester", "created_at", "id"], name="ticket_by_requester"),
                    models.Index(fields=["group", "created_at", "id"], name="ticket_by_group"),
                    models.Index(fields=["assignee", "created_at", "id"], name="ticket_by_assignee"),
                    models.Index(
                        condition=models.Q(("supplier__isnull", False)),
                        fields=["supplier", "created_at", "id"],
                        name="ticket_by_supplier",
                    ),
                    models.Index(fields=["updated_at", "id"], name="ticket_by_update"),
                    models.Index(
                        condition=models.Q(("resolved_at__isnull", False)),
                        fields=["resolved_at"],
                        name="ticket_by_solution",
                    ),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", False)),
                        fields=["closed_at"],
                        name="ticket_by_closing",
                    ),
                    models.Index(
                        condition=models.Q(("responded_at__isnull", False)),
                        fields=["responded_at"],
                        name="ticket_by_response",
                    ),
                    models.Index(
                        condition=models.Q(("agreed_at__isnull", False)),
                        fields=["agreed_at"],
                        name="ticket_by_agreement",
                    ),
                    models.Index(
                        condition=models.Q(("category__isnull", False), ("resolved_at__isnull", False)),
                        fields=["category", "organisation", "resolved_at"],
                        include=("kind", "business_system"),
                        name="ticket_same_fault",
                    ),
                    models.Index(
                        condition=models.Q(("business_system__isnull", False)),
                        fields=["organisation", "business_system"],
                        name="ticket_uses_system",
                    ),
                    models.Index(
                        condition=models.Q(("category__isnull", False)),
                        fields=["organisation", "category"],
                        name="ticket_uses_category",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_number", ""), _negated=True),
                        fields=("external_system", "external_number"),
                        name="ticket_external_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("duplicate_of", None),
                            models.Q(("duplicate_of", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="ticket_not_its_own_duplicate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("children_open__lte", models.F("children_total"))),
                        name="ticket_children_counted",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="declared_transitions_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NOT EXISTS (SELECT 1 FROM tickets_declaredstate d\n                       WHERE d.kind = NEW.kind AND d.state = NEW.state AND d.phase = NEW.phase) THEN\n            RAISE EXCEPTION '% %: state % with phase % is not declared',\n                NEW.kind, NEW.number, NEW.state, NEW.phase USING ERRCODE = 'check_violation';\n        END IF;\n        IF TG_OP = 'UPDATE' AND (OLD.state, OLD.kind) IS DISTINCT FROM (NEW.state, NEW.kind)\n           AND NOT EXISTS (SELECT 1 FROM tickets_declaredtransition t\n                           WHERE t.kind = NEW.kind AND t.source = OLD.state AND t.target = NEW.state\n                           AND OLD.kind = NEW.kind) THEN\n            RAISE EXCEPTION '% %: no action leads from state % to %',\n                NEW.kind, NEW.number, OLD.state, NEW.state USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n    ",
                            hash="d920c42f42298658539a0cc002159426a3a1a639",
                            operation='INSERT OR UPDATE OF "kind", "state", "phase"',
                            pgid="pgtrigger_declared_transitions_only_17900",
                            table="tickets_ticket",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AffectedItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="affected_by",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="affected_items", to="tickets.ticket"
                    ),
                ),
            ],
            options={
                "verbose_name": "affected configuration item",
                "verbose_name_plural": "affected configuration items",
                "constraints": [models.UniqueConstraint(fields=("ticket", "item"), name="affected_item_unique")],
            },
        ),
        migrations.CreateModel(
            name="TicketLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            ("related_to", "related to"),
                            ("duplicate_of", "duplicate of"),
                            ("follow_up_of", "follow-up of"),
                            ("caused_by", "caused by"),
                            ("resolved_by", "resolved by"),
                            ("child_of", "child of"),
                            ("implements", "implements"),
                        ],
                        max_length=20,
                        verbose_name="meaning",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links_out", to="tickets.ticket"
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links_in", to="tickets.ticket"
                    ),
                ),
            ],
            options={
                "verbose_name": "relation",
                "verbose_name_plural": "relations",
                "constraints": [
                    models.UniqueConstraint(fields=("source", "target", "meaning"), name="link_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("source", models.F("target")), _negated=True),
                        name="link_joins_two_tickets",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TimelineEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="time")),
                ("action", models.CharField(max_length=40, verbose_name="action")),
                (
                    "via",
                    models.CharField(
                        choices=[
                            ("web", "Page"),
                            ("api", "API"),
                            ("link", "Link in a mail"),
                            ("system", "System"),
                            ("import", "Import"),
                        ],
                        default="web",
                        max_length=10,
                        verbose_name="came by",
                    ),
                ),
                ("is_public", models.BooleanField(default=False, verbose_name="visible to the requester")),
                ("version", models.PositiveIntegerField(null=True)),
                ("state_from", models.CharField(blank=True, max_length=20)),
                ("state_to", models.CharField(blank=True, max_length=20)),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("changes", models.JSONField(default=list)),
                ("data", models.JSONField(default=dict)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timeline",
                        to="tickets.ticket",
                    ),
                ),
                (
                    "before",
                    models.JSONField(
                        editable=False, encoder=django.core.serializers.json.DjangoJSONEncoder, null=True
                    ),
                ),
            ],
            options={
                "verbose_name": "timeline entry",
                "verbose_name_plural": "timeline entries",
                "ordering": ["at", "id"],
                "indexes": [
                    models.Index(fields=["ticket", "at", "id"], name="timeline_of_ticket"),
                    models.Index(
                        condition=models.Q(("state_from", models.F("state_to")), _negated=True),
                        fields=["ticket", "at", "id"],
                        include=("state_from", "state_to"),
                        name="timeline_moves",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="95b768fb9915f07f5a81ce9314319d95a4a0cb8e",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_1aba2",
                            table="tickets_timelineentry",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("storage_name", models.CharField(editable=False, max_length=64, unique=True)),
                ("file", models.FileField(max_length=200, upload_to=tickets.models.attachment_path)),
                ("content_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField(verbose_name="size (bytes)")),
                ("sha256", models.CharField(max_length=64)),
                ("is_image", models.BooleanField(default=False)),
                ("is_public", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="attachments", to="tickets.ticket"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="tickets.timelineentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "attachment",
                "verbose_name_plural": "attachments",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="TimeSpent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=20, verbose_name="state")),
                ("minutes", models.PositiveSmallIntegerField(verbose_name="minutes")),
                ("at", models.DateTimeField(verbose_name="recorded")),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="time_spent",
                        to="tickets.timelineentry",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL, verbose_name="person"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="time_spent", to="tickets.ticket"
                    ),
                ),
            ],
            options={
                "verbose_name": "time spent",
                "verbose_name_plural": "time spent",
                "indexes": [models.Index(fields=["person", "at"], name="time_of_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("minutes__gte", 1), ("minutes__lte", 1440)), name="time_within_a_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Watcher",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ticket", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="tickets.ticket")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "watcher",
                "verbose_name_plural": "watchers",
                "constraints": [models.UniqueConstraint(fields=("ticket", "user"), name="watcher_unique")],
            },
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_document",
                        serialize=False,
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
                ("own", models.TextField(default="", editable=False)),
                ("own_public", models.TextField(default="", editable=False)),
                ("everything", django.contrib.postgres.search.SearchVectorField()),
                ("public", django.contrib.postgres.search.SearchVectorField(null=True)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["everything"], name="search_document_words")
                ],
            },
        ),
        migrations.CreateModel(
            name="Guest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="guests", to="tickets.ticket"
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
                    "because",
                    models.CharField(
                        choices=[("called", "called in"), ("asked", "asked to decide")], default="called", max_length=6
                    ),
                ),
            ],
            options={
                "verbose_name": "guest",
                "verbose_name_plural": "guests",
                "constraints": [models.UniqueConstraint(fields=("user", "ticket", "because"), name="guest_once")],
            },
        ),
        migrations.CreateModel(
            name="ExternalReference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            ("related_to", "related to"),
                            ("duplicate_of", "duplicate of"),
                            ("follow_up_of", "follow-up of"),
                            ("caused_by", "caused by"),
                            ("resolved_by", "resolved by"),
                            ("child_of", "child of"),
                            ("implements", "implements"),
                        ],
                        max_length=20,
                        verbose_name="meaning",
                    ),
                ),
                ("system", models.CharField(max_length=40, verbose_name="system")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("reference", models.CharField(max_length=100, verbose_name="number")),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="external_references",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "record of another system",
                "verbose_name_plural": "records of other systems",
                "indexes": [models.Index(fields=["system", "kind", "reference"], name="external_by_reference")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ticket", "system", "kind", "reference", "meaning"), name="external_reference_unique"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="ticket",
            name="items",
            field=models.ManyToManyField(
                related_name="tickets",
                through="tickets.AffectedItem",
                to="cmdb.configurationitem",
                verbose_name="configuration items",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="watchers",
            field=models.ManyToManyField(
                related_name="watched_tickets",
                through="tickets.Watcher",
                to=settings.AUTH_USER_MODEL,
                verbose_name="watchers",
            ),
        ),
        migrations.RunSQL(SEARCH.read_text(encoding="utf-8")),
    ]
