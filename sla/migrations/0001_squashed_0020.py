import datetime

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        ("cmdb", "0001_squashed_0026"),
        ("tickets", "0001_squashed_0022"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContractPhase",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("sla_applies", models.BooleanField(default=True, verbose_name="service levels apply")),
                (
                    "weeks",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="usual length (weeks)"),
                ),
            ],
            options={
                "verbose_name": "contract phase",
                "verbose_name_plural": "contract phases",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="EngineHeartbeat",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "name", "host", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=20)),
                ("host", models.CharField(max_length=100)),
                ("beat_at", models.DateTimeField()),
                ("cycle_ms", models.PositiveIntegerField()),
                ("processed", models.PositiveIntegerField()),
                ("code_version", models.CharField(max_length=40)),
                ("clock_offset_ms", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Command",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("escalate", "Escalation by time"),
                            ("remind", "Reminder before closing"),
                            ("close", "Closing by itself"),
                            ("agreed_near", "Agreed time comes near"),
                            ("agreed_over", "Agreed time is over"),
                            ("wait_over", "End of a wait"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField()),
                ("payload", models.JSONField(default=dict)),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("run_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Planned"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("cancelled", "Not needed any more"),
                            ("failed", "Given up"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("moved", "went to the next line"),
                            ("told", "not handed on; those concerned were notified"),
                            (
                                "claimed",
                                "not handed on, because somebody has claimed it; those concerned were notified",
                            ),
                            (
                                "nowhere",
                                "not handed on, because no group of the next line is known; those concerned were notified",
                            ),
                            ("closed", "closed"),
                            ("resumed", "went on by itself"),
                        ],
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True, verbose_name="done")),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="commands",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "command",
                "verbose_name_plural": "commands",
                "ordering": ["due_at", "id"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["run_at"], name="command_waiting"),
                    models.Index(
                        condition=models.Q(("state__in", ["refused", "failed"])),
                        fields=["-done_at"],
                        name="command_not_carried_out",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at", None), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("done_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="command_has_its_end",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EngineState",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("paused", models.BooleanField(default=False)),
                ("module_version", models.CharField(blank=True, max_length=40)),
                ("restore_epoch", models.PositiveIntegerField(default=0)),
                ("canary_started_at", models.DateTimeField(null=True)),
                ("canary_passed_at", models.DateTimeField(null=True)),
                ("canary_ms", models.PositiveIntegerField(null=True)),
                ("audited_at", models.DateTimeField(null=True)),
                ("findings", models.JSONField(default=list)),
                ("backed_up_at", models.DateTimeField(null=True)),
                ("broker_answers", models.BooleanField(null=True)),
                ("looked_at", models.DateTimeField(null=True)),
                ("endings_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="engine_state_single_row")],
            },
        ),
        migrations.CreateModel(
            name="EngineSwitch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="time")),
                ("paused", models.BooleanField(verbose_name="held back")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "switching of the engine",
                "verbose_name_plural": "switching of the engine",
                "ordering": ["-id"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="62985ea178ba036d804a00ea2491ee2f32adb026",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_cf644",
                            table="sla_engineswitch",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EscalationRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.CharField(
                        choices=[
                            ("sla", "SLA: to a customer"),
                            ("ola", "OLA: by a group"),
                            ("uc", "UC: by a supplier"),
                        ],
                        default="ola",
                        max_length=3,
                        verbose_name="agreement",
                    ),
                ),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("dispatch", "Dispatch"),
                            ("response", "Response"),
                            ("on_site", "On site"),
                            ("cause", "Root cause"),
                            ("resolve", "Resolution"),
                            ("update", "Status update"),
                            ("record", "Completion of the record"),
                            ("notice", "Configuration notice"),
                            ("order", "Update of configuration items"),
                        ],
                        max_length=10,
                        verbose_name="metric",
                    ),
                ),
                (
                    "percent",
                    models.PositiveSmallIntegerField(
                        default=100,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(500),
                        ],
                        verbose_name="of the time (percent)",
                    ),
                ),
                (
                    "tiers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("desk", "Service desk"),
                                ("tier1", "First line"),
                                ("tier2", "Second line"),
                                ("tier3", "Third line (vendor)"),
                            ],
                            max_length=5,
                        ),
                        default=list,
                        size=None,
                        verbose_name="lines",
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("unless_claimed", "To the next line; when somebody has claimed it, only tell people"),
                            ("always", "To the next line, also when somebody works on it"),
                            ("tell", "Stays where it is, people are told"),
                        ],
                        default="unless_claimed",
                        max_length=15,
                        verbose_name="what happens",
                    ),
                ),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None, verbose_name="who is told"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "priority",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: every priority.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tickets.priority",
                        verbose_name="priority",
                    ),
                ),
            ],
            options={
                "verbose_name": "escalation rule",
                "verbose_name_plural": "escalation rules",
                "ordering": ["agreement", "metric", "percent", "id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("percent__gt", 0)), name="escalation_after_some_time")
                ],
            },
        ),
        migrations.CreateModel(
            name="FaultLevel",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "priorities",
                    models.ManyToManyField(
                        blank=True, related_name="+", to="tickets.priority", verbose_name="priorities"
                    ),
                ),
            ],
            options={
                "verbose_name": "fault level",
                "verbose_name_plural": "fault levels",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NoticeRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "on",
                    models.CharField(
                        choices=[
                            ("registered", "Registered"),
                            ("not_responded", "Not responded to"),
                            ("not_resolved", "Not resolved"),
                        ],
                        max_length=15,
                        verbose_name="event",
                    ),
                ),
                ("after_minutes", models.PositiveIntegerField(blank=True, null=True, verbose_name="after (minutes)")),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None, verbose_name="who is told"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "priority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="tickets.priority", verbose_name="priority"
                    ),
                ),
            ],
            options={
                "verbose_name": "notice rule",
                "verbose_name_plural": "notice rules",
                "ordering": ["priority__rank", "on", "after_minutes"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("after_minutes", None), ("on", "registered")),
                            models.Q(models.Q(("on", "registered"), _negated=True), ("after_minutes__gt", 0)),
                            _connector="OR",
                        ),
                        name="notice_rule_has_its_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sla", "SLA: to a customer"),
                            ("ola", "OLA: by a group"),
                            ("uc", "UC: by a supplier"),
                        ],
                        default="sla",
                        max_length=3,
                        verbose_name="kind",
                    ),
                ),
                ("is_default", models.BooleanField(default=False, verbose_name="for everybody without an agreement")),
            ],
            options={
                "verbose_name": "policy",
                "verbose_name_plural": "policies",
                "ordering": ["position", "code"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)), fields=("kind",), name="policy_one_default_of_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_default", False), ("kind__in", ["sla", "ola"]), _connector="OR"),
                        name="policy_default_is_sla_or_ola",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sla", "SLA: to a customer"),
                            ("ola", "OLA: by a group"),
                            ("uc", "UC: by a supplier"),
                        ],
                        max_length=3,
                        verbose_name="kind",
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="number")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="accounts.supportgroup",
                        verbose_name="group",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="accounts.organisation",
                        verbose_name="customer or supplier",
                    ),
                ),
                (
                    "phase",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="sla.contractphase",
                        verbose_name="contract phase",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="sla.policy",
                        verbose_name="policy",
                    ),
                ),
            ],
            options={
                "verbose_name": "agreement",
                "verbose_name_plural": "agreements",
                "ordering": ["kind", "-valid_from", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("group__isnull", False), ("kind", "ola"), ("organisation", None)),
                            models.Q(("group", None), ("kind__in", ["sla", "uc"]), ("organisation__isnull", False)),
                            _connector="OR",
                        ),
                        name="agreement_has_its_party",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until", None), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="agreement_valid",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("valid_from", models.DateTimeField(verbose_name="valid from")),
                ("valid_until", models.DateTimeField(null=True, verbose_name="valid until")),
                (
                    "pausing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        default=list,
                        size=None,
                        verbose_name="waiting that pauses",
                    ),
                ),
                (
                    "warnings",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="warnings (percent)",
                    ),
                ),
                (
                    "on_change",
                    models.CharField(
                        choices=[
                            ("from_start", "From the start of the clock"),
                            ("from_change", "From the moment of the change"),
                        ],
                        default="from_start",
                        max_length=11,
                        verbose_name="a changed priority counts",
                    ),
                ),
                ("content_hash", models.CharField(max_length=64)),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("published_at", models.DateTimeField(verbose_name="published")),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="sla.policy",
                        verbose_name="policy",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="published by",
                    ),
                ),
                (
                    "restarts",
                    models.BooleanField(
                        default=False, verbose_name="the response counts anew after a return to the desk"
                    ),
                ),
                (
                    "resolve_starts",
                    models.CharField(
                        choices=[
                            ("registered", "Registration"),
                            ("dispatched", "Dispatch to a group"),
                            ("started", "Start of work"),
                            ("resolved", "Resolution"),
                            ("closed", "Closing of what was solved"),
                        ],
                        db_default="started",
                        default="started",
                        max_length=10,
                        verbose_name="resolution counts from",
                    ),
                ),
                (
                    "resolve_stops",
                    models.CharField(
                        choices=[
                            ("registered", "Registration"),
                            ("dispatched", "Dispatch to a group"),
                            ("started", "Start of work"),
                            ("resolved", "Resolution"),
                            ("closed", "Closing of what was solved"),
                        ],
                        db_default="resolved",
                        default="resolved",
                        max_length=10,
                        verbose_name="resolution counts until",
                    ),
                ),
                (
                    "response_starts",
                    models.CharField(
                        choices=[
                            ("registered", "Registration"),
                            ("dispatched", "Dispatch to a group"),
                            ("started", "Start of work"),
                            ("resolved", "Resolution"),
                            ("closed", "Closing of what was solved"),
                        ],
                        db_default="dispatched",
                        default="dispatched",
                        max_length=10,
                        verbose_name="response counts from",
                    ),
                ),
                (
                    "response_stops",
                    models.CharField(
                        choices=[
                            ("registered", "Registration"),
                            ("dispatched", "Dispatch to a group"),
                            ("started", "Start of work"),
                            ("resolved", "Resolution"),
                            ("closed", "Closing of what was solved"),
                        ],
                        db_default="started",
                        default="started",
                        max_length=10,
                        verbose_name="response counts until",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a policy",
                "verbose_name_plural": "versions of policies",
                "ordering": ["policy", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("policy", "number"), name="policy_version_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until", None), ("valid_until__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="policy_version_valid",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="a191723409ee8c3732d0ad7f460aea06f4b03c57",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_909ec",
                            table="sla_policyversion",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleEdit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=40, verbose_name="rule")),
                ("at", models.DateTimeField(verbose_name="time")),
                ("scopes", models.JSONField(default=list)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("all", "Going through all"),
                            ("begun", "Looking at those that began meanwhile"),
                            ("left", "Coming back to those that were being worked on"),
                        ],
                        default="all",
                        max_length=10,
                    ),
                ),
                ("looked_to", models.BigIntegerField(default=0)),
                (
                    "left",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("armed", models.PositiveIntegerField(default=0, verbose_name="clocks that wait for it")),
                ("passed", models.PositiveIntegerField(default=0, verbose_name="clocks whose time lay behind")),
                ("taken_back", models.PositiveIntegerField(default=0, verbose_name="clocks that wait no more")),
                ("done_at", models.DateTimeField(null=True, verbose_name="done")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "edit of a rule",
                "verbose_name_plural": "edits of rules",
                "ordering": ["-id"],
                "indexes": [models.Index(condition=models.Q(("done_at", None)), fields=["id"], name="rule_edit_open")],
            },
        ),
        migrations.CreateModel(
            name="TrialRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(choices=[("policy", "Policy"), ("calendar", "Calendar")], max_length=10)),
                ("code", models.CharField(max_length=40)),
                ("draft", models.JSONField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("language", models.CharField(max_length=10)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Being counted"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("result", models.JSONField(null=True)),
                ("worker", models.CharField(blank=True, max_length=36)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("heartbeat_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["queued", "running"])),
                        fields=("user",),
                        name="trial_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Calendar",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "calendar",
                "verbose_name_plural": "calendars",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CalendarVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("zone", models.CharField(max_length=50, verbose_name="time zone")),
                ("always", models.BooleanField(default=False, verbose_name="round the clock")),
                ("week", models.JSONField(default=list, verbose_name="weekly hours")),
                ("confirmed_until", models.DateField(null=True, verbose_name="confirmed until")),
                ("content_hash", models.CharField(max_length=64)),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("published_at", models.DateTimeField(verbose_name="published")),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="sla.calendar",
                        verbose_name="calendar",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="published by",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a calendar",
                "verbose_name_plural": "versions of calendars",
                "ordering": ["calendar", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("calendar", "number"), name="calendar_version_unique")
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="3c3826317a04164be2a1f6de2b9cb22c92604ccc",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_2a803",
                            table="sla_calendarversion",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField(verbose_name="date")),
                ("intervals", models.JSONField(default=list, verbose_name="hours")),
                ("label", models.CharField(blank=True, max_length=100, verbose_name="name")),
                (
                    "source",
                    models.CharField(
                        choices=[("import", "Imported"), ("manual", "Entered by hand")],
                        max_length=10,
                        verbose_name="source",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="days", to="sla.calendarversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "special day",
                "verbose_name_plural": "special days",
                "ordering": ["date"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "date"), name="calendar_day_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True), name="calendar_day_has_source"
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="2eed7d4f1768b3e180ef16213dcb1e2f3966b53f",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_c8726",
                            table="sla_calendarday",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClosingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "remind_hours",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Hours of the calendar: a working day of 5×8 has 8. Empty: no reminder.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="reminder after (hours)",
                    ),
                ),
                (
                    "close_hours",
                    models.PositiveSmallIntegerField(
                        help_text="Hours of the calendar since it was resolved.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="closes after (hours)",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.calendar",
                        verbose_name="calendar",
                    ),
                ),
                (
                    "priority",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tickets.priority",
                        verbose_name="priority",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule for closing by itself",
                "verbose_name_plural": "rules for closing by itself",
                "ordering": ["priority__rank"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("close_hours__gt", 0),
                            models.Q(
                                ("remind_hours", None),
                                models.Q(("remind_hours__gt", 0), ("remind_hours__lt", models.F("close_hours"))),
                                _connector="OR",
                            ),
                        ),
                        name="closing_after_the_reminder",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Target",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("dispatch", "Dispatch"),
                            ("response", "Response"),
                            ("on_site", "On site"),
                            ("cause", "Root cause"),
                            ("resolve", "Resolution"),
                            ("update", "Status update"),
                            ("record", "Completion of the record"),
                            ("notice", "Configuration notice"),
                            ("order", "Update of configuration items"),
                        ],
                        max_length=10,
                        verbose_name="metric",
                    ),
                ),
                ("minutes", models.PositiveIntegerField(null=True, verbose_name="within (minutes)")),
                (
                    "business_system",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cmdb.businesssystem",
                        verbose_name="business system",
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="sla.calendar", verbose_name="calendar"
                    ),
                ),
                (
                    "fault",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="sla.faultlevel",
                        verbose_name="fault level",
                    ),
                ),
                (
                    "nature",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.nature",
                        verbose_name="nature",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.organisation",
                        verbose_name="customer",
                    ),
                ),
                (
                    "priority",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.priority",
                        verbose_name="priority",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="targets", to="sla.policyversion"
                    ),
                ),
                (
                    "grade",
                    models.CharField(blank=True, db_default="", default="", max_length=40, verbose_name="grade"),
                ),
                ("kind", models.CharField(blank=True, db_default="", default="", max_length=20, verbose_name="kind")),
            ],
            options={
                "verbose_name": "target",
                "verbose_name_plural": "targets",
                "ordering": ["position", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("minutes", None), ("minutes__gt", 0), _connector="OR"),
                        name="target_is_some_time",
                    )
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="e370dcf84859229adf82abc6f3f01baaf407033b",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_1a5df",
                            table="sla_target",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.CharField(
                        choices=[
                            ("sla", "SLA: to a customer"),
                            ("ola", "OLA: by a group"),
                            ("uc", "UC: by a supplier"),
                        ],
                        max_length=3,
                    ),
                ),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("dispatch", "Dispatch"),
                            ("response", "Response"),
                            ("on_site", "On site"),
                            ("cause", "Root cause"),
                            ("resolve", "Resolution"),
                            ("update", "Status update"),
                            ("record", "Completion of the record"),
                            ("notice", "Configuration notice"),
                            ("order", "Update of configuration items"),
                        ],
                        max_length=10,
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("basis", models.CharField(max_length=120)),
                ("rank", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("stopped", "Stopped"),
                            ("cancelled", "Excused"),
                        ],
                        max_length=10,
                    ),
                ),
                ("target", models.DurationField()),
                ("consumed", models.DurationField(default=datetime.timedelta(0))),
                ("started_at", models.DateTimeField()),
                ("running_since", models.DateTimeField(null=True)),
                ("paused_since", models.DateTimeField(null=True)),
                ("pause_reason", models.CharField(blank=True, max_length=40)),
                ("due_at", models.DateTimeField(null=True)),
                ("breached_at", models.DateTimeField(null=True)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("met", models.BooleanField(null=True)),
                ("gen", models.PositiveIntegerField(default=1)),
                ("provisional", models.BooleanField(default=False)),
                ("next_fire_at", models.DateTimeField(null=True)),
                (
                    "calendar_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="clocks", to="sla.calendarversion"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.supportgroup",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "policy_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sla.policyversion"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sla.target"
                    ),
                ),
                (
                    "supplier",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clocks",
                        to="tickets.ticket",
                    ),
                ),
                ("counts_from", models.DateTimeField(null=True)),
                (
                    "excuse",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("ended", "It ended without a solution"),
                            ("unpromised", "Nothing is promised any more"),
                            ("handed_back", "It went back to the desk before anybody began"),
                            ("not_needed", "It was not needed any more"),
                            ("duplicate", "A duplicate: its main ticket is measured"),
                            ("not_solved", "It turned out not to be solved"),
                            ("complaint", "A complaint is no incident: it leaves clocks and figures"),
                            ("taken_back", "The step that began it was taken back"),
                        ],
                        db_default="",
                        default="",
                        max_length=15,
                    ),
                ),
                ("excuse_text", models.CharField(blank=True, db_default="", default="", max_length=300)),
                (
                    "excused_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_fire_at__isnull", False)),
                        fields=["next_fire_at"],
                        name="clock_next_fire",
                    ),
                    models.Index(
                        condition=models.Q(("next_fire_at__isnull", False), ("rank__lte", 2)),
                        fields=["next_fire_at"],
                        name="clock_next_fire_urgent",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("running", "paused"))),
                        fields=("ticket", "agreement", "metric", "group", "supplier"),
                        name="clock_one_active",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(
                        fields=("ticket", "agreement", "metric", "round"), name="clock_round_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("due_at__isnull", False),
                                ("paused_since", None),
                                ("running_since__isnull", False),
                                ("state", "running"),
                            ),
                            models.Q(
                                ("due_at", None),
                                ("paused_since__isnull", False),
                                ("running_since", None),
                                ("state", "paused"),
                            ),
                            models.Q(
                                ("paused_since", None),
                                ("running_since", None),
                                ("state__in", ["stopped", "cancelled"]),
                                ("stopped_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="clock_state_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("next_fire_at", None), ("state__in", ("running", "paused")), _connector="OR"
                        ),
                        name="clock_fires_while_active",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClockChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gen", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("priority", "Another priority, service or customer"),
                            ("policy", "Another policy"),
                            ("calendar", "A new version of the calendar"),
                            ("correction", "A correction of the past"),
                        ],
                        max_length=10,
                    ),
                ),
                ("old_target", models.DurationField()),
                ("new_target", models.DurationField()),
                ("old_due_at", models.DateTimeField(null=True)),
                ("new_due_at", models.DateTimeField(null=True)),
                ("old_breached_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="sla.clock"
                    ),
                ),
                (
                    "new_calendar",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.calendarversion",
                    ),
                ),
                (
                    "old_calendar",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.calendarversion",
                    ),
                ),
            ],
            options={
                "ordering": ["clock", "id"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="112ddaf7a3b27041bbfb47353a6ca149a98819de",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_add73",
                            table="sla_clockchange",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gen", models.PositiveIntegerField()),
                ("kind", models.CharField(choices=[("run", "Counted"), ("pause", "Paused")], max_length=5)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("started", models.DateTimeField()),
                ("ended", models.DateTimeField()),
                ("counted", models.DurationField()),
                (
                    "calendar_version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.calendarversion",
                    ),
                ),
                (
                    "clock",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="segments",
                        to="sla.clock",
                    ),
                ),
            ],
            options={
                "ordering": ["clock", "gen", "started", "id"],
                "indexes": [models.Index(fields=["clock", "gen", "started"], name="segment_of_clock")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended__gte", models.F("started"))), name="segment_ends_after_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "run"), ("counted", datetime.timedelta(0)), _connector="OR"),
                        name="segment_pause_counts_nothing",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="9a22bc48f9b07c5ca5426562b616c04670e0df64",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_116ca",
                            table="sla_segment",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Timer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=40)),
                ("threshold", models.DurationField()),
                ("fire_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("armed", "Armed"),
                            ("fired", "Fired"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                            ("passed", "Passed over"),
                        ],
                        default="armed",
                        max_length=10,
                    ),
                ),
                ("cause", models.CharField(blank=True, max_length=20)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
                ("fired_at", models.DateTimeField(null=True)),
                (
                    "clock",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timers",
                        to="sla.clock",
                    ),
                ),
            ],
            options={
                "ordering": ["clock", "threshold", "id"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "fired")), fields=["fired_at"], name="timer_fired"),
                    models.Index(condition=models.Q(("state", "failed")), fields=["not_before"], name="timer_failed"),
                ],
                "constraints": [models.UniqueConstraint(fields=("clock", "rule"), name="timer_once_per_rule")],
            },
        ),
        migrations.AddField(
            model_name="calendar",
            name="current",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="sla.calendarversion",
                verbose_name="version",
            ),
        ),
        migrations.AddField(
            model_name="calendar",
            name="followed",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
