import datetime

import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

import duty.models
from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        ("approvals", "0001_squashed_0007"),
        ("cmdb", "0001_squashed_0026"),
        ("tickets", "0001_squashed_0022"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeDomain",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "domain of changes",
                "verbose_name_plural": "domains of changes",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ChangeType",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "watch_hours",
                    models.PositiveSmallIntegerField(
                        default=72,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(744),
                        ],
                        verbose_name="incidents are watched for after the end (hours)",
                    ),
                ),
            ],
            options={
                "verbose_name": "type of change",
                "verbose_name_plural": "types of change",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GradedBy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("holidays", models.JSONField(default=dict)),
                ("workdays", models.JSONField(default=list)),
                ("graph_born", models.UUIDField(null=True)),
                ("graph_version", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Questionnaire",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(default="risk", max_length=20, unique=True, verbose_name="code")),
                (
                    "medium_from",
                    models.PositiveSmallIntegerField(
                        default=35,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="medium from",
                    ),
                ),
                (
                    "high_from",
                    models.PositiveSmallIntegerField(
                        default=60,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="high from",
                    ),
                ),
                (
                    "weight_services",
                    models.PositiveSmallIntegerField(default=3, verbose_name="weight: services and customers"),
                ),
                ("weight_redundancy", models.PositiveSmallIntegerField(default=2, verbose_name="weight: redundancy")),
                (
                    "weight_trading",
                    models.PositiveSmallIntegerField(default=2, verbose_name="weight: trading calendar"),
                ),
                (
                    "weight_similar",
                    models.PositiveSmallIntegerField(default=3, verbose_name="weight: how similar ones went"),
                ),
            ],
            options={
                "verbose_name": "risk questionnaire",
                "verbose_name_plural": "risk questionnaire",
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("query", models.CharField(blank=True, max_length=300, verbose_name="filters")),
                ("key_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(verbose_name="made")),
                ("seen_at", models.DateTimeField(null=True, verbose_name="last asked")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar_feeds",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "calendar link",
                "verbose_name_plural": "calendar links",
                "ordering": ["revoked_at", "name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ChangeTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("summary_zh", models.CharField(blank=True, max_length=200, verbose_name="summary, Chinese")),
                ("content_zh", models.TextField(blank=True, verbose_name="what is done, Chinese")),
                ("plan_zh", models.TextField(blank=True, verbose_name="plan, Chinese")),
                ("back_out_zh", models.TextField(blank=True, verbose_name="back-out, Chinese")),
                ("effect_zh", models.TextField(blank=True, verbose_name="effect, Chinese")),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        default=30,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="takes (minutes)",
                    ),
                ),
                ("approved", models.BooleanField(default=True, verbose_name="pre-approved")),
                (
                    "failures",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="So many among the last uses end the pre-approval.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="failures allowed",
                    ),
                ),
                (
                    "last_uses",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="of the last uses",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.supportgroup",
                        verbose_name="implemented by",
                    ),
                ),
                (
                    "approved_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="pre-approved again"),
                ),
                ("back_out_en", models.TextField(blank=True, verbose_name="back-out, English")),
                ("content_en", models.TextField(blank=True, verbose_name="what is done, English")),
                ("effect_en", models.TextField(blank=True, verbose_name="effect, English")),
                (
                    "needs_subject",
                    models.BooleanField(
                        default=False,
                        help_text="Whoever orders it names a configuration item or a business system.",
                        verbose_name="needs an item or a system",
                    ),
                ),
                ("plan_en", models.TextField(blank=True, verbose_name="plan, English")),
                ("summary_en", models.CharField(blank=True, max_length=200, verbose_name="summary, English")),
            ],
            options={
                "verbose_name": "template of a standard change",
                "verbose_name_plural": "templates of standard changes",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="FreezeRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "kind",
                    models.CharField(
                        choices=[("holiday", "around holidays"), ("span", "a span")],
                        default="holiday",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "min_days",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="holidays of at least (days)",
                    ),
                ),
                (
                    "days_before",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(30),
                        ],
                        verbose_name="trading days before",
                    ),
                ),
                ("begins_at", models.TimeField(default=datetime.time(20, 0), verbose_name="from (time of day)")),
                ("closes_at", models.TimeField(default=datetime.time(17, 0), verbose_name="until (time of day)")),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "zone",
                    models.CharField(
                        default=duty.models.portal_zone,
                        max_length=50,
                        validators=[duty.models.check_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "freeze window",
                "verbose_name_plural": "freeze windows",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "holiday"),
                            models.Q(("ends_at__gt", models.F("starts_at")), ("starts_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="freeze_span_has_ends",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FreezeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("content", models.JSONField()),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="changes.freezerule",
                        verbose_name="freeze window",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a freeze window",
                "verbose_name_plural": "versions of freeze windows",
                "ordering": ["-made_at", "-pk"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("rule", "number"), name="freeze_version_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="d271a04c8c41a9cc7c3902f6a2b614cda97617fb",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_6d4e4",
                            table="changes_freezeversion",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceWindow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("begins_at", models.TimeField(verbose_name="from (time of day)")),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="lasts (minutes)",
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        default=duty.models.portal_zone,
                        max_length=50,
                        validators=[duty.models.check_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "business_system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="maintenance_windows",
                        to="cmdb.businesssystem",
                        verbose_name="business system",
                    ),
                ),
            ],
            options={
                "verbose_name": "maintenance window",
                "verbose_name_plural": "maintenance windows",
                "ordering": ["business_system", "weekday", "begins_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business_system", "weekday", "begins_at"), name="maintenance_window_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("content", models.JSONField()),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="changes.maintenancewindow",
                        verbose_name="maintenance window",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a maintenance window",
                "verbose_name_plural": "versions of maintenance windows",
                "ordering": ["-made_at", "-pk"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("rule", "number"), name="maintenance_version_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="5e4b62c402026be30d69eed697bc9ac164670779",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_f4260",
                            table="changes_maintenanceversion",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Meeting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("electronic", models.BooleanField(default=False, verbose_name="electronic")),
                ("starts_at", models.DateTimeField(verbose_name="begins")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="place")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("invited", "Invited"),
                            ("open", "In session"),
                            ("held", "Held"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="planned",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("minutes", models.TextField(blank=True, verbose_name="minutes")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("invited_at", models.DateTimeField(null=True, verbose_name="invited")),
                ("opened_at", models.DateTimeField(null=True, verbose_name="opened")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="called by",
                    ),
                ),
            ],
            options={
                "verbose_name": "CAB meeting",
                "verbose_name_plural": "CAB meetings",
                "ordering": ["-starts_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("electronic", True), ("status", "open")),
                        fields=["ends_at"],
                        name="meeting_electronic_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="meeting_ends_after"
                    )
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="meeting_held_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.\"status\" IN ('held', 'cancelled'))",
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="48b4ea1c07ea46cf94242c5deee6ef40789eaccf",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_meeting_held_stays_ed9ad",
                            table="changes_meeting",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AgendaItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("waiting", "not yet its turn"),
                            ("open", "asked"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("returned", "returned with a condition"),
                            ("fallen", "fallen: the content changed"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="approvals.approvalround"
                    ),
                ),
                (
                    "meeting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="agenda", to="changes.meeting"
                    ),
                ),
            ],
            options={
                "verbose_name": "point of an agenda",
                "verbose_name_plural": "points of agendas",
                "ordering": ["meeting", "position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("meeting", "round"), name="agenda_round_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="kept_with_minutes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF EXISTS (\n            SELECT 1 FROM changes_meeting m\n            WHERE m.id IN (OLD.meeting_id, NEW.meeting_id) AND m.status IN ('held', 'cancelled')\n        ) THEN\n            RAISE EXCEPTION 'meeting % is over: nothing of it changes', COALESCE(OLD.meeting_id, NEW.meeting_id)\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN COALESCE(NEW, OLD);\n    ",
                            hash="afed1797809b1a737485d542d5ef0b4d92090c15",
                            operation="INSERT OR UPDATE OR DELETE",
                            pgid="pgtrigger_kept_with_minutes_156b6",
                            table="changes_agendaitem",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthlyWords",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="month")),
                ("text", models.TextField(verbose_name="analysis by the change manager")),
                ("written_at", models.DateTimeField(verbose_name="written")),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
                    ),
                ),
            ],
            options={
                "verbose_name": "analysis of a month of changes",
                "verbose_name_plural": "analyses of months of changes",
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["month"], name="change_words_month")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="ae48f97f8ceac4cf0582902251614e26823ac33d",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_ea376",
                            table="changes_monthlywords",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("present", models.BooleanField(null=True, verbose_name="present")),
                (
                    "meeting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="people", to="changes.meeting"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "presence at a meeting",
                "verbose_name_plural": "presences at meetings",
                "ordering": ["meeting", "pk"],
                "constraints": [models.UniqueConstraint(fields=("meeting", "person"), name="presence_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="kept_with_minutes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF EXISTS (\n            SELECT 1 FROM changes_meeting m\n            WHERE m.id IN (OLD.meeting_id, NEW.meeting_id) AND m.status IN ('held', 'cancelled')\n        ) THEN\n            RAISE EXCEPTION 'meeting % is over: nothing of it changes', COALESCE(OLD.meeting_id, NEW.meeting_id)\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN COALESCE(NEW, OLD);\n    ",
                            hash="007b26218c205bfd1f654acf29464fede4b7b91f",
                            operation="INSERT OR UPDATE OR DELETE",
                            pgid="pgtrigger_kept_with_minutes_f5486",
                            table="changes_presence",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestionnaireVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="version")),
                ("content", models.JSONField()),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "questionnaire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="changes.questionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of the risk questionnaire",
                "verbose_name_plural": "versions of the risk questionnaire",
                "ordering": ["-number"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="exclusion_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="c6d8fa8df113b52171855f88e6d9331242904f2e",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_exclusion_stays_88c0e",
                            table="changes_questionnaireversion",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.SlugField(max_length=30, unique=True, verbose_name="code")),
                ("weight", models.PositiveSmallIntegerField(default=1, verbose_name="weight")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "questionnaire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="changes.questionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "question on risk",
                "verbose_name_plural": "questions on risk",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="RiskAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                (
                    "points",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MaxValueValidator(3)], verbose_name="points"
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="answers", to="changes.riskquestion"
                    ),
                ),
            ],
            options={
                "verbose_name": "answer on risk",
                "verbose_name_plural": "answers on risk",
                "ordering": ["question", "points"],
                "constraints": [models.UniqueConstraint(fields=("question", "points"), name="risk_answer_once")],
            },
        ),
        migrations.CreateModel(
            name="TemplateStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=1, verbose_name="step")),
                ("what_zh", models.CharField(blank=True, max_length=300, verbose_name="what is done, Chinese")),
                ("what_en", models.CharField(blank=True, max_length=300, verbose_name="what is done, English")),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        default=10, validators=[django.core.validators.MinValueValidator(1)], verbose_name="minutes"
                    ),
                ),
                ("check_zh", models.CharField(blank=True, max_length=300, verbose_name="how it is checked, Chinese")),
                ("check_en", models.CharField(blank=True, max_length=300, verbose_name="how it is checked, English")),
                (
                    "back_out_zh",
                    models.CharField(blank=True, max_length=300, verbose_name="how it is backed out, Chinese"),
                ),
                (
                    "back_out_en",
                    models.CharField(blank=True, max_length=300, verbose_name="how it is backed out, English"),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="changes.changetemplate"
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a template",
                "verbose_name_plural": "steps of templates",
                "ordering": ["template", "position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="TemplateVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("content", models.JSONField()),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="changes.changetemplate",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a template",
                "verbose_name_plural": "versions of templates",
                "ordering": ["-number"],
                "constraints": [models.UniqueConstraint(fields=("template", "number"), name="template_version_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="exclusion_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="1ceb70aaf0c6eb5e99b1dae0a2f39f8d174195a3",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_exclusion_stays_0bb92",
                            table="changes_templateversion",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "ticket_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("effect", models.TextField(blank=True, verbose_name="effect")),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("service", "A system in service"),
                            ("test", "A test system that the service desk supports"),
                            ("building", "A system that is not yet in service"),
                            ("own", "Something users change themselves"),
                        ],
                        default="service",
                        max_length=8,
                        verbose_name="touches",
                    ),
                ),
                (
                    "risk",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        max_length=6,
                        verbose_name="risk",
                    ),
                ),
                ("assessment", models.TextField(blank=True, verbose_name="assessment")),
                ("planned_start", models.DateTimeField(null=True, verbose_name="planned start")),
                ("planned_end", models.DateTimeField(null=True, verbose_name="planned end")),
                ("plan", models.TextField(blank=True, verbose_name="plan")),
                ("back_out", models.TextField(blank=True, verbose_name="back-out")),
                ("back_out_tested", models.TextField(blank=True, verbose_name="how the back-out was tested")),
                ("resources", models.TextField(blank=True, verbose_name="resources")),
                ("actual_start", models.DateTimeField(null=True, verbose_name="actual start")),
                ("actual_end", models.DateTimeField(null=True, verbose_name="actual end")),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("as_planned", "As planned"),
                            ("deviated", "With deviations"),
                            ("failed", "Failed"),
                            ("backed_out", "Backed out"),
                        ],
                        max_length=10,
                        verbose_name="result",
                    ),
                ),
                ("result_text", models.TextField(blank=True, verbose_name="how it went")),
                (
                    "record_completed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="record completed"),
                ),
                ("expected_reached", models.BooleanField(null=True, verbose_name="expected result reached")),
                (
                    "rating",
                    models.CharField(
                        blank=True,
                        choices=[("good", "Good"), ("fair", "Acceptable"), ("poor", "Poor")],
                        max_length=4,
                        verbose_name="rating",
                    ),
                ),
                (
                    "business_view",
                    models.CharField(
                        blank=True,
                        choices=[("good", "Good"), ("fair", "Acceptable"), ("poor", "Poor")],
                        max_length=4,
                        verbose_name="business satisfaction",
                    ),
                ),
                (
                    "interruption_minutes",
                    models.PositiveIntegerField(null=True, verbose_name="interruption (minutes)"),
                ),
                ("lessons", models.TextField(blank=True, verbose_name="lessons")),
                ("improvement", models.TextField(blank=True, verbose_name="improvement of the process")),
                ("reviewed_at", models.DateTimeField(null=True, verbose_name="reviewed")),
                (
                    "change_type",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="changes.changetype",
                        verbose_name="type of change",
                    ),
                ),
                (
                    "domain",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="changes.changedomain",
                        verbose_name="domain",
                    ),
                ),
                (
                    "raised_from",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="raised_changes",
                        to="tickets.ticket",
                        verbose_name="raised from",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reviewed by",
                    ),
                ),
                (
                    "template_version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="changes.templateversion",
                        verbose_name="template",
                    ),
                ),
                (
                    "helped",
                    models.BooleanField(editable=False, null=True, verbose_name="helped what it was raised from"),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("go", "Go"), ("no_go", "No go")],
                        editable=False,
                        max_length=5,
                        verbose_name="decision",
                    ),
                ),
                (
                    "no_return_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="decided at the latest"),
                ),
                ("expected_end", models.DateTimeField(editable=False, null=True, verbose_name="expected end")),
                (
                    "notice_en",
                    models.TextField(blank=True, default="", verbose_name="what those affected read, English"),
                ),
                (
                    "notice_zh",
                    models.TextField(blank=True, default="", verbose_name="what those affected read, Chinese"),
                ),
                ("checked_at", models.DateTimeField(editable=False, null=True, verbose_name="checked")),
                (
                    "notice_since",
                    models.DateTimeField(editable=False, null=True, verbose_name="configuration notice owed since"),
                ),
                (
                    "noticed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="configuration notice sent"),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="configuration operator",
                    ),
                ),
                (
                    "ordered_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="update of items ordered"),
                ),
                ("record_since", models.DateTimeField(editable=False, null=True, verbose_name="record owed since")),
                ("returned_at", models.DateTimeField(editable=False, null=True, verbose_name="order returned")),
                ("submitted_at", models.DateTimeField(editable=False, null=True, verbose_name="submitted")),
                (
                    "difference_settled_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="difference settled"),
                ),
                (
                    "precedence",
                    models.CharField(
                        choices=[("high", "High"), ("medium", "Medium"), ("low", "Low")],
                        default="medium",
                        max_length=6,
                        verbose_name="priority",
                    ),
                ),
                (
                    "third_party",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=200,
                        verbose_name="third party that asks for it",
                    ),
                ),
            ],
            options={
                "verbose_name": "change",
                "verbose_name_plural": "changes",
                "indexes": [
                    models.Index(
                        condition=models.Q(("planned_end__isnull", False)),
                        fields=["planned_start", "planned_end"],
                        name="change_window",
                    ),
                    models.Index(
                        condition=models.Q(("expected_end__isnull", False)),
                        fields=["expected_end"],
                        name="change_expected_end",
                    ),
                    models.Index(
                        condition=models.Q(("actual_end__isnull", True), ("actual_start__isnull", False)),
                        fields=["actual_start"],
                        name="change_running",
                    ),
                    models.Index(
                        condition=models.Q(("actual_end__isnull", False)),
                        fields=["actual_start", "actual_end"],
                        name="change_carried_out",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("planned_end", None), ("planned_end__gt", models.F("planned_start")), _connector="OR"
                        ),
                        name="change_window_ends_after",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("actual_end", None), ("actual_end__gte", models.F("actual_start")), _connector="OR"
                        ),
                        name="change_ended_after_start",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="search_own_texts_added",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (NEW.reason <> '' OR NEW.third_party <> '' OR NEW.effect <> '' OR NEW.plan <> '' OR NEW.back_out <> '' OR NEW.result_text <> '')",
                            func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.reason, ''), NULLIF(NEW.third_party, ''), NULLIF(NEW.effect, ''), NULLIF(NEW.plan, ''), NULLIF(NEW.back_out, ''), NULLIF(NEW.result_text, '')), '');\n        RETURN NULL;\n    ",
                            hash="b7d776bffd83c3e1512339132e32817dddfb6303",
                            operation="INSERT",
                            pgid="pgtrigger_search_own_texts_added_ade24",
                            table="changes_change",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="search_own_texts_changed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (ROW(OLD.reason, OLD.third_party, OLD.effect, OLD.plan, OLD.back_out, OLD.result_text) IS DISTINCT FROM ROW(NEW.reason, NEW.third_party, NEW.effect, NEW.plan, NEW.back_out, NEW.result_text))",
                            func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.reason, ''), NULLIF(NEW.third_party, ''), NULLIF(NEW.effect, ''), NULLIF(NEW.plan, ''), NULLIF(NEW.back_out, ''), NULLIF(NEW.result_text, '')), '');\n        RETURN NULL;\n    ",
                            hash="f1b525eaebce59503f0de9e369bfcdf45d572263",
                            operation='UPDATE OF "reason", "third_party", "effect", "plan", "back_out", "result_text"',
                            pgid="pgtrigger_search_own_texts_changed_d35ab",
                            table="changes_change",
                            when="AFTER",
                        ),
                    ),
                ],
            },
            bases=("tickets.ticket",),
        ),
        migrations.CreateModel(
            name="CollisionOverride",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(verbose_name="reason")),
                ("at", models.DateTimeField(verbose_name="time")),
                ("planned_start", models.DateTimeField(null=True)),
                ("planned_end", models.DateTimeField(null=True)),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="overrides", to="changes.change"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("collisions", models.JSONField(null=True, verbose_name="collisions")),
            ],
            options={
                "verbose_name": "override of collisions",
                "verbose_name_plural": "overrides of collisions",
                "ordering": ["at"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="override_append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="327a58ae0cbf93578ab0fde82d2f9f363a6fa072",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_override_append_only_0e55a",
                            table="changes_collisionoverride",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CollisionReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occasion", models.CharField(max_length=20, verbose_name="occasion")),
                ("at", models.DateTimeField(verbose_name="time")),
                ("count", models.PositiveIntegerField(verbose_name="collisions")),
                ("collisions", models.JSONField(verbose_name="what it collided with")),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="collision_readings",
                        to="changes.change",
                    ),
                ),
            ],
            options={
                "verbose_name": "reading of collisions",
                "verbose_name_plural": "readings of collisions",
                "ordering": ["at", "pk"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="07b3a3a6a48c1f15714c38e7e37e55140cbd4118",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_c5a11",
                            table="changes_collisionreading",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Effect",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due", models.BooleanField(default=True)),
                ("at", models.DateTimeField(null=True, verbose_name="computed")),
                ("items", models.PositiveIntegerField(default=0, verbose_name="configuration items")),
                ("services", models.JSONField(default=list)),
                ("customers", models.JSONField(default=list)),
                ("down", models.PositiveIntegerField(default=0, verbose_name="items down")),
                ("degraded", models.PositiveIntegerField(default=0, verbose_name="items degraded")),
                ("alone", models.BooleanField(default=False)),
                ("partial", models.BooleanField(default=False)),
                (
                    "change",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="computed_effect",
                        to="changes.change",
                    ),
                ),
            ],
            options={
                "verbose_name": "effect of a change",
                "verbose_name_plural": "effects of changes",
                "indexes": [models.Index(condition=models.Q(("due", True)), fields=["change"], name="effect_due")],
            },
        ),
        migrations.CreateModel(
            name="IncidentVerdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caused", models.BooleanField(verbose_name="caused by the change")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incident_verdicts",
                        to="changes.change",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tickets.ticket",
                        verbose_name="incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "verdict on an incident after a change",
                "verbose_name_plural": "verdicts on incidents after changes",
                "ordering": ["at", "pk"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="incident_verdict_append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="14072943919d2965ed557d96efff585a177681ff",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_incident_verdict_append_only_94b83",
                            table="changes_incidentverdict",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Interruption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minutes", models.PositiveIntegerField(verbose_name="minutes")),
                ("reason", models.TextField(blank=True, default="", verbose_name="reason of the correction")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="interruptions", to="changes.change"
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cmdb.businesssystem",
                        verbose_name="business system",
                    ),
                ),
            ],
            options={
                "verbose_name": "interruption by a change",
                "verbose_name_plural": "interruptions by changes",
                "ordering": ["pk"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="interruption_append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="6cbc387d110bdee918a07c5d4e9ef1917d374ef5",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_interruption_append_only_d407d",
                            table="changes_interruption",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="step")),
                ("what", models.CharField(max_length=300, verbose_name="what is done")),
                ("planned_from", models.DateTimeField(null=True, verbose_name="planned from")),
                ("planned_to", models.DateTimeField(null=True, verbose_name="planned until")),
                ("check_text", models.CharField(blank=True, max_length=300, verbose_name="how it is checked")),
                ("back_out", models.CharField(blank=True, max_length=300, verbose_name="how it is backed out")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("started", "started"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("backed_out", "backed out"),
                        ],
                        default="planned",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("started_at", models.DateTimeField(null=True, verbose_name="started")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="changes.change"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                ("no_return", models.BooleanField(default=False, verbose_name="point of no return")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("received_at", models.DateTimeField(null=True, verbose_name="received")),
                (
                    "reported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reported by",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a plan",
                "verbose_name_plural": "steps of plans",
                "ordering": ["change", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("change", "position"), name="plan_step_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("no_return", True)), fields=("change",), name="plan_one_point_of_no_return"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("planned_to", None), ("planned_to__gt", models.F("planned_from")), _connector="OR"
                        ),
                        name="plan_step_ends_after",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PreparedEdit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("value", "New value"),
                            ("item", "New item"),
                            ("relate", "New relation"),
                            ("unrelate", "Relation ends"),
                        ],
                        max_length=8,
                        verbose_name="what",
                    ),
                ),
                ("identifier", models.CharField(blank=True, max_length=100, verbose_name="identifier")),
                ("given", models.JSONField(default=dict, verbose_name="new values")),
                ("was", models.CharField(blank=True, max_length=400, verbose_name="before")),
                ("applied_at", models.DateTimeField(null=True, verbose_name="written")),
                (
                    "applied_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="edits", to="changes.change"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "relation_type",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.relationtype",
                    ),
                ),
                (
                    "other_identifier",
                    models.CharField(blank=True, db_default="", default="", max_length=100, verbose_name="other item"),
                ),
            ],
            options={
                "verbose_name": "prepared edit",
                "verbose_name_plural": "prepared edits",
                "ordering": ["change", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("change", "position"), name="prepared_edit_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("item", None), models.Q(("identifier", ""), _negated=True)),
                            models.Q(
                                ("identifier", ""), ("item__isnull", False), models.Q(("kind", "item"), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="prepared_edit_of_one_item",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("applied_at", None), ("applied_by", None)),
                            models.Q(("applied_at__isnull", False), ("applied_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="prepared_edit_applied_by",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recurrence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="summary")),
                (
                    "every",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="every",
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("day", "days"),
                            ("week", "weeks"),
                            ("month", "months, on the same day"),
                            ("weekday", "months, on the same weekday"),
                        ],
                        max_length=8,
                        verbose_name="unit",
                    ),
                ),
                ("first_day", models.DateField(verbose_name="first on")),
                ("begins_at", models.TimeField(verbose_name="from (time of day)")),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="lasts (minutes)",
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        default=duty.models.portal_zone,
                        max_length=50,
                        validators=[duty.models.check_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("last_day", models.DateField(null=True, verbose_name="last on")),
                (
                    "ahead",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MaxValueValidator(90)], verbose_name="raised before (days)"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "active"), ("paused", "paused"), ("ended", "ended")],
                        default="active",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("handled_until", models.DateTimeField(verbose_name="dealt with until")),
                (
                    "copied",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recurrences",
                        to="changes.change",
                        verbose_name="copied from",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recurrences",
                        to="changes.changetemplate",
                        verbose_name="standard change",
                    ),
                ),
                (
                    "items",
                    models.ManyToManyField(
                        related_name="+", to="cmdb.configurationitem", verbose_name="configuration items"
                    ),
                ),
            ],
            options={
                "verbose_name": "recurring change",
                "verbose_name_plural": "recurring changes",
                "ordering": ["status", "title", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("copied__isnull", False), ("template", None)),
                            models.Q(("copied", None), ("template__isnull", False)),
                            _connector="OR",
                        ),
                        name="recurrence_of_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begins_at", models.DateTimeField(verbose_name="begins")),
                ("refusal", models.TextField(blank=True, verbose_name="why none was raised")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "change",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="occurrence",
                        to="changes.change",
                    ),
                ),
                (
                    "recurrence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="occurrences",
                        to="changes.recurrence",
                    ),
                ),
            ],
            options={
                "verbose_name": "date of a recurring change",
                "verbose_name_plural": "dates of recurring changes",
                "ordering": ["-begins_at"],
                "constraints": [models.UniqueConstraint(fields=("recurrence", "begins_at"), name="occurrence_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="375e3313d5d63e1cc797cc3f812eb21714d8deb6",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_f1b06",
                            table="changes_occurrence",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecurrenceVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("content", models.JSONField()),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="changes.recurrence",
                        verbose_name="recurring change",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a recurring change",
                "verbose_name_plural": "versions of recurring changes",
                "ordering": ["-made_at", "-pk"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("rule", "number"), name="recurrence_version_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="ae992a3558e2bb9d99a1e0ec0a66be1c67e6d75c",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_93ccd",
                            table="changes_recurrenceversion",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RiskAssessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("points", models.JSONField()),
                ("score", models.PositiveSmallIntegerField(verbose_name="score")),
                (
                    "band",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        max_length=6,
                        verbose_name="risk by score",
                    ),
                ),
                (
                    "risk",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        max_length=6,
                        verbose_name="risk",
                    ),
                ),
                ("text", models.TextField(verbose_name="assessment")),
                ("at", models.DateTimeField(verbose_name="assessed")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assessed by",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="assessments", to="changes.change"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="changes.questionnaireversion",
                    ),
                ),
                ("content", models.JSONField(default=list)),
            ],
            options={
                "verbose_name": "assessment of a change",
                "verbose_name_plural": "assessments of changes",
                "ordering": ["-at", "-pk"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="exclusion_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="c2f561355e7d3773e60b2b84ed7ccd936f69e475",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_exclusion_stays_298b0",
                            table="changes_riskassessment",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WriteVerdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("justified", "Justified correction"), ("ticket", "Change requested")],
                        max_length=10,
                        verbose_name="what became of it",
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="caused_by_writes",
                        to="changes.change",
                        verbose_name="change",
                    ),
                ),
                (
                    "item_version",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdict",
                        to="cmdb.itemversion",
                    ),
                ),
                (
                    "relation_version",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdict",
                        to="cmdb.relationversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "verdict on a write without a change",
                "verbose_name_plural": "verdicts on writes without a change",
                "ordering": ["-at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("item_version__isnull", True), ("relation_version__isnull", True), _connector="XOR"
                        ),
                        name="verdict_on_one_write",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("change", None), ("verdict", "justified")),
                            models.Q(("change__isnull", False), ("verdict", "ticket")),
                            _connector="OR",
                        ),
                        name="verdict_ticket_has_change",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="write_verdict_append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="a9fbcace26d06cd4c23f86fffc4d0b7f36baca37",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_write_verdict_append_only_df26d",
                            table="changes_writeverdict",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AffectedNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("planned", "Content and time"),
                            ("moved", "Another time"),
                            ("soon", "It starts soon"),
                            ("delayed", "It takes longer"),
                            ("done", "It has ended"),
                            ("backed_out", "It was taken back"),
                            ("off", "It does not take place"),
                        ],
                        max_length=10,
                        verbose_name="told",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                ("planned_start", models.DateTimeField(null=True, verbose_name="planned start")),
                ("planned_end", models.DateTimeField(null=True, verbose_name="planned end")),
                ("parts", models.JSONField(default=list, verbose_name="told to")),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="affected_notices",
                        to="changes.change",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice to those affected",
                "verbose_name_plural": "notices to those affected",
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["change", "-id"], name="affected_notice_newest")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="affected_notice_append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="aa5f910387e7675bb29a774fff0efa4d262b5c5d",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_affected_notice_append_only_629f6",
                            table="changes_affectednotice",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
    ]
