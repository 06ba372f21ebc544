import datetime

import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

from itsm import initial

#: Where a ticket's figures come from: name of the function, table, the column that names the ticket, which rows of it.
SOURCES = (
    ("tickets_ticket", "tickets_ticket", "id", "INSERT OR UPDATE OR DELETE", ""),
    ("incidents_incident", "incidents_incident", "ticket_ptr_id", "INSERT OR UPDATE OF close_code_id", ""),
    ("problem", "problems_problem", "ticket_ptr_id", "INSERT OR UPDATE", ""),
    ("change", "changes_change", "ticket_ptr_id", "INSERT OR UPDATE", ""),
    ("tickets_ticketlink", "tickets_ticketlink", "source_id", "INSERT OR UPDATE OR DELETE", ""),
    ("link_target", "tickets_ticketlink", "target_id", "INSERT OR UPDATE OR DELETE", ""),
    ("sla_clock", "sla_clock", "ticket_id", "INSERT OR UPDATE OF state, consumed, round OR DELETE", ""),
    (
        "tickets_timelineentry",
        "tickets_timelineentry",
        "ticket_id",
        "INSERT",
        """WHEN (NEW.changes @> '[{"field": "group"}]'::jsonb)""",
    ),
)
#: Says whose figures are to be made anew.
NOTE = """
CREATE FUNCTION reports_note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reports_changedticket (ticket_id) VALUES (CASE TG_OP WHEN 'DELETE' THEN OLD.{key} ELSE NEW.{key} END);
    RETURN NULL;
END $$;
CREATE TRIGGER {trigger} AFTER {events} ON {table} FOR EACH ROW {only} EXECUTE FUNCTION reports_note_{name}();
"""


def _notes():
    for name, table, key, events, only in SOURCES:
        trigger = "note_for_figures" if name == table else f"note_{name}_for_figures"
        given = {"name": name, "table": table, "key": key, "events": events, "only": only, "trigger": trigger}
        yield migrations.RunSQL(NOTE.format_map(given))


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        ("cmdb", "0001_squashed_0026"),
        ("changes", "0001_squashed_0034"),
        ("incidents", "0001_squashed_0009"),
        ("problems", "0001_squashed_0007"),
        ("sla", "0001_squashed_0020"),
        ("tickets", "0001_squashed_0022"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangedTicket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ticket_id", models.BigIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Counted",
            fields=[
                ("kind", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("definitions", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("mended", models.PositiveIntegerField(default=0)),
                ("version", models.BigIntegerField(default=0)),
                ("kept_since", models.DateTimeField(null=True)),
                ("sealed_at", models.DateTimeField(null=True)),
                ("sets", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="FigureBaseline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("start", models.DateField(verbose_name="from")),
                ("end", models.DateField(verbose_name="to, not included")),
                ("reason", models.TextField(verbose_name="why this period")),
                ("figures", models.JSONField(default=list)),
                ("known_at", models.DateTimeField(null=True)),
                ("set_at", models.DateTimeField(verbose_name="set")),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="set by",
                    ),
                ),
            ],
            options={
                "verbose_name": "baseline of figures",
                "verbose_name_plural": "baselines of figures",
                "ordering": ["-set_at", "-pk"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="325751ce6af4475b62a0d26289587c9de68ba8f9",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_2cf10",
                            table="reports_figurebaseline",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnBoard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("figures", models.JSONField(default=list)),
                ("charts", models.JSONField(default=list)),
                ("parameters", models.CharField(blank=True, max_length=1000)),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.role",
                        verbose_name="role",
                    ),
                ),
            ],
            options={
                "verbose_name": "own board",
                "verbose_name_plural": "own boards",
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ProcessMeeting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("quarter", models.DateField(verbose_name="quarter")),
                ("held_at", models.DateTimeField(verbose_name="held")),
                ("attendance", models.TextField(verbose_name="who attended")),
                ("minutes", models.TextField(verbose_name="minutes")),
                ("decisions", models.TextField(blank=True, verbose_name="decisions")),
                ("figures", models.JSONField(default=list)),
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
                ("known_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "process meeting",
                "verbose_name_plural": "process meetings",
                "ordering": ["-held_at", "-pk"],
                "indexes": [models.Index(fields=["kind", "quarter"], name="process_meeting_quarter")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="2b70f6940cd08ee7683ef1a3b7278a96cbf43840",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_a9319",
                            table="reports_processmeeting",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProcessReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("half", models.DateField(verbose_name="half-year")),
                (
                    "occasion",
                    models.CharField(
                        choices=[("half_year", "The half-year is over"), ("business", "The business changed")],
                        default="half_year",
                        max_length=10,
                        verbose_name="occasion",
                    ),
                ),
                ("efficiency", models.TextField(verbose_name="efficiency of the process")),
                ("tools", models.TextField(verbose_name="effectiveness of the tools")),
                ("improvements", models.TextField(blank=True, verbose_name="improvements decided")),
                ("figures", models.JSONField(default=list)),
                ("known_at", models.DateTimeField(null=True)),
                ("written_at", models.DateTimeField(verbose_name="written")),
                (
                    "baseline",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reports.figurebaseline",
                    ),
                ),
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
                "verbose_name": "process review",
                "verbose_name_plural": "process reviews",
                "ordering": ["-written_at", "-pk"],
                "indexes": [models.Index(fields=["kind", "half"], name="process_review_half")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="3c3b543060e4bc6f5e0ee076a310f7a878550969",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_c8a21",
                            table="reports_processreview",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("kind", models.CharField(blank=True, max_length=20, verbose_name="kind")),
                ("parameters", models.CharField(blank=True, max_length=1000)),
                (
                    "rhythm",
                    models.CharField(
                        choices=[
                            ("daily", "Every day"),
                            ("workdays", "Every working day"),
                            ("weekly", "Every week"),
                            ("monthly", "Every month"),
                        ],
                        default="weekly",
                        max_length=10,
                        verbose_name="rhythm",
                    ),
                ),
                ("weekday", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="weekday")),
                ("monthday", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="day of the month")),
                ("at", models.TimeField(default=datetime.time(8, 0), verbose_name="time")),
                ("zone", models.CharField(max_length=50, verbose_name="time zone")),
                (
                    "format",
                    models.CharField(
                        choices=[("link", "Only the link"), ("xlsx", "Excel"), ("csv", "CSV"), ("pdf", "PDF")],
                        default="link",
                        max_length=5,
                        verbose_name="format",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("next_at", models.DateTimeField(null=True, verbose_name="next")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "board",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="reports.ownboard",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.role",
                        verbose_name="role",
                    ),
                ),
                (
                    "view",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tickets.savedview",
                    ),
                ),
            ],
            options={
                "verbose_name": "scheduled report",
                "verbose_name_plural": "scheduled reports",
                "ordering": ["name", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)), fields=["next_at"], name="schedule_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_at", None), ("next_at", None), _connector="OR"),
                        name="ended_schedule_is_not_due",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduleRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="day")),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("run_at", models.DateTimeField(verbose_name="made")),
                ("is_late", models.BooleanField(default=False, verbose_name="late")),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("missed", "The portal did not run; a later one was due, too."),
                            ("lost", "The list or board was deleted."),
                            ("left", "Whoever scheduled it is not active any more."),
                            ("nobody", "Nobody has the role."),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="reports.schedule"
                    ),
                ),
            ],
            options={
                "verbose_name": "run of a scheduled report",
                "verbose_name_plural": "runs of scheduled reports",
                "ordering": ["-due_at", "-pk"],
                "constraints": [models.UniqueConstraint(fields=("schedule", "day"), name="schedule_once_a_day")],
            },
        ),
        migrations.CreateModel(
            name="Sending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Being made"),
                            ("sent", "Sent"),
                            ("refused", "Nothing sent"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_boards", "May not see boards any more."),
                            ("no_people", "May not see figures of the person whom it names."),
                            ("no_lists", "May not see lists any more."),
                            ("not_active", "Is not active any more."),
                            ("unreadable", "Something in the list cannot be understood any more."),
                            ("no_export", "Only the link: may not export."),
                            ("too_big", "Only the link: too big for a mail."),
                            ("broken", "It could not be made; see the log of the portal."),
                        ],
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
                ("rows", models.PositiveIntegerField(null=True, verbose_name="rows")),
                ("path", models.CharField(blank=True, max_length=2000)),
                ("file", models.CharField(blank=True, max_length=100)),
                ("size", models.PositiveIntegerField(null=True, verbose_name="size (bytes)")),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("query", models.CharField(blank=True, max_length=1000)),
                ("values", models.JSONField(default=dict)),
                ("known_at", models.DateTimeField(null=True)),
                (
                    "reader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reader",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sendings", to="reports.schedulerun"
                    ),
                ),
            ],
            options={
                "verbose_name": "sending of a scheduled report",
                "verbose_name_plural": "sendings of scheduled reports",
                "ordering": ["pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["id"], name="sending_waits"),
                    models.Index(fields=["reader", "-sent_at"], name="sending_of_reader"),
                ],
                "constraints": [models.UniqueConstraint(fields=("run", "reader"), name="sending_once_per_reader")],
            },
        ),
        migrations.CreateModel(
            name="ServiceReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="month")),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="version")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("approved", "Approved"), ("sent", "Sent")],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("is_late", models.BooleanField(default=False, verbose_name="made late")),
                ("content", models.JSONField(default=dict)),
                ("improvements", models.TextField(blank=True, verbose_name="improvement actions")),
                ("reason", models.TextField(blank=True, verbose_name="reason of the correction")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("approved_at", models.DateTimeField(null=True, verbose_name="approved")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "edited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="edited by",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "service report",
                "verbose_name_plural": "service reports",
                "ordering": ["-month", "organisation", "-version"],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "month", "version"), name="service_report_once")
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="sent_never_changes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."sent_at" IS NOT NULL)',
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="6aabeb3f2cd0a94720f0e501ce664b7696eda795",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_sent_never_changes_eb1b8",
                            table="reports_servicereport",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("made", "made by the portal"),
                            ("edited", "wrote the improvement actions"),
                            ("counted", "counted it anew"),
                            ("translated", "counted it anew in the customer's language"),
                            ("corrected", "began the correction"),
                            ("returned", "sent it back"),
                            ("approved", "approved it"),
                            ("sent", "sent it"),
                        ],
                        max_length=10,
                        verbose_name="action",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="log", to="reports.servicereport"
                    ),
                ),
            ],
            options={
                "verbose_name": "line of a service report's log",
                "verbose_name_plural": "lines of service reports' logs",
                "ordering": ["-at", "-id"],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="0838043a666e416ab2dad0d411f73af14d3a0964",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_3a5dd",
                            table="reports_reportentry",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Target",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("measure", models.CharField(editable=False, max_length=60, unique=True)),
                ("aim", models.FloatField(blank=True, null=True, verbose_name="target")),
                ("alert", models.FloatField(blank=True, null=True, verbose_name="alert threshold")),
                ("edited_at", models.DateTimeField(verbose_name="edited")),
                (
                    "edited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="edited by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.role",
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "target of a figure",
                "verbose_name_plural": "targets of figures",
                "ordering": ["measure"],
            },
        ),
        migrations.CreateModel(
            name="WallDisplay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("key_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("turn_seconds", models.PositiveSmallIntegerField(default=20, verbose_name="turns every (seconds)")),
                ("created_at", models.DateTimeField(verbose_name="made")),
                ("seen_at", models.DateTimeField(null=True, verbose_name="last seen")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True, related_name="+", to="accounts.supportgroup", verbose_name="groups"
                    ),
                ),
            ],
            options={
                "verbose_name": "wall display",
                "verbose_name_plural": "wall displays",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Fact",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("phase", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField()),
                ("responded_at", models.DateTimeField(null=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("planned_completion_at", models.DateTimeField(null=True)),
                ("waiting_since", models.DateTimeField(null=True)),
                ("responded_in_time", models.BooleanField(null=True)),
                ("completed_in_time", models.BooleanField(null=True)),
                ("open_during", django.contrib.postgres.fields.ranges.DateTimeRangeField(null=True)),
                ("worked", models.DurationField(null=True)),
                ("in_created", models.BigIntegerField(default=0)),
                ("in_responded", models.BigIntegerField(default=0)),
                ("in_resolved", models.BigIntegerField(default=0)),
                ("in_closed", models.BigIntegerField(default=0)),
                ("in_agreed", models.BigIntegerField(default=0)),
                (
                    "assignee",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "business_system",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="cmdb.businesssystem",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.category",
                    ),
                ),
                (
                    "duplicate_of",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.ticket",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.supportgroup",
                    ),
                ),
                (
                    "nature",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.nature",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "priority",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.priority",
                    ),
                ),
                (
                    "satisfaction",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.satisfaction",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.source",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "created_at"], include=("in_created",), name="fact_by_creation"),
                    models.Index(
                        fields=["kind", "created_at"],
                        include=(
                            "in_created",
                            "group",
                            "assignee",
                            "business_system",
                            "organisation",
                            "category",
                            "priority",
                            "source",
                        ),
                        name="fact_by_creation_narrowed",
                    ),
                    models.Index(
                        fields=["kind", "resolved_at"],
                        include=("in_resolved", "created_at", "worked"),
                        name="fact_by_solution",
                    ),
                    models.Index(
                        fields=["kind", "resolved_at"],
                        include=(
                            "in_resolved",
                            "created_at",
                            "worked",
                            "group",
                            "assignee",
                            "business_system",
                            "organisation",
                            "category",
                            "priority",
                            "source",
                        ),
                        name="fact_by_solution_narrowed",
                    ),
                    models.Index(fields=["kind", "closed_at"], include=("in_closed",), name="fact_by_closing"),
                    models.Index(
                        fields=["kind", "closed_at"],
                        include=(
                            "in_closed",
                            "group",
                            "assignee",
                            "business_system",
                            "organisation",
                            "category",
                            "priority",
                            "source",
                        ),
                        name="fact_by_closing_narrowed",
                    ),
                    models.Index(fields=["kind", "responded_at"], include=("in_responded",), name="fact_by_response"),
                    models.Index(
                        fields=["kind", "responded_at"],
                        include=(
                            "in_responded",
                            "group",
                            "assignee",
                            "business_system",
                            "organisation",
                            "category",
                            "priority",
                            "source",
                        ),
                        name="fact_by_response_narrowed",
                    ),
                    models.Index(
                        condition=models.Q(("agreed_at__isnull", False)),
                        fields=["agreed_at"],
                        name="fact_by_agreement",
                    ),
                    django.contrib.postgres.indexes.GistIndex(fields=["open_during"], name="fact_open_during"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FactVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("phase", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField()),
                ("responded_at", models.DateTimeField(null=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("planned_completion_at", models.DateTimeField(null=True)),
                ("waiting_since", models.DateTimeField(null=True)),
                ("responded_in_time", models.BooleanField(null=True)),
                ("completed_in_time", models.BooleanField(null=True)),
                ("open_during", django.contrib.postgres.fields.ranges.DateTimeRangeField(null=True)),
                ("worked", models.DurationField(null=True)),
                ("in_created", models.BigIntegerField(default=0)),
                ("in_responded", models.BigIntegerField(default=0)),
                ("in_resolved", models.BigIntegerField(default=0)),
                ("in_closed", models.BigIntegerField(default=0)),
                ("in_agreed", models.BigIntegerField(default=0)),
                ("known_from", models.DateTimeField()),
                ("known_until", models.DateTimeField(null=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "business_system",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="cmdb.businesssystem",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.category",
                    ),
                ),
                (
                    "duplicate_of",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.ticket",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.supportgroup",
                    ),
                ),
                (
                    "nature",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.nature",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "priority",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.priority",
                    ),
                ),
                (
                    "satisfaction",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.satisfaction",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.source",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["ticket", "known_from"], name="version_of_ticket"),
                    models.Index(
                        condition=models.Q(("known_until", None)), fields=["ticket"], name="version_that_holds"
                    ),
                    models.Index(fields=["kind", "created_at"], name="version_by_creation"),
                    models.Index(fields=["kind", "resolved_at"], name="version_by_solution"),
                    models.Index(fields=["kind", "closed_at"], name="version_by_closing"),
                    models.Index(fields=["kind", "responded_at"], name="version_by_response"),
                ],
            },
        ),
        *_notes(),
    ]
