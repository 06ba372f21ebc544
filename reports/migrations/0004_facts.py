"""Facts that figures are counted from, and the triggers that say whose are to be made anew."""

import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NARROWED_BY = ("group", "assignee", "business_system", "organisation", "category", "priority", "source")
#: Where a ticket's figures come from, and which rows say whose.
SOURCES = (
    ("tickets_ticket", "id", "INSERT OR UPDATE OR DELETE", ""),
    ("incidents_incident", "ticket_ptr_id", "INSERT OR UPDATE OF close_code_id", ""),
    ("tickets_ticketlink", "source_id", "INSERT OR UPDATE OR DELETE", ""),
    ("sla_clock", "ticket_id", "INSERT OR UPDATE OF state, consumed, round OR DELETE", ""),
    (
        "tickets_timelineentry",
        "ticket_id",
        "INSERT",
        """WHEN (NEW.changes @> '[{"field": "group"}]'::jsonb)""",
    ),
)
TRIGGER = """
CREATE FUNCTION reports_note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reports_changedticket (ticket_id) VALUES (CASE TG_OP WHEN 'DELETE' THEN OLD.{key} ELSE NEW.{key} END);
    RETURN NULL;
END $$;
CREATE TRIGGER note_for_figures AFTER {events} ON {table} FOR EACH ROW {only} EXECUTE FUNCTION reports_note_{table}();
"""
LIFT = """
DROP TRIGGER note_for_figures ON {table};
DROP FUNCTION reports_note_{table}();
"""


def _guards():
    for table, key, events, only in SOURCES:
        given = {"table": table, "key": key, "events": events, "only": only}
        yield migrations.RunSQL(TRIGGER.format_map(given), LIFT.format_map(given))


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0018_words_of_outcomes"),
        ("incidents", "0009_verified_and_talked"),
        ("accounts", "0019_log_stays"),
        ("cmdb", "0006_who_uses_systems"),
        ("reports", "0003_who_approves_reports"),
        ("tickets", "0019_priority_requests_are_rounds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangedTicket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ticket_id", models.BigIntegerField()),
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
            ],
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
                    models.Index(
                        fields=["kind", "created_at"], include=["in_created", *NARROWED_BY], name="fact_by_creation"
                    ),
                    models.Index(
                        fields=["kind", "resolved_at"], include=["in_resolved", *NARROWED_BY], name="fact_by_solution"
                    ),
                    models.Index(
                        fields=["kind", "closed_at"], include=["in_closed", *NARROWED_BY], name="fact_by_closing"
                    ),
                    models.Index(
                        fields=["kind", "responded_at"],
                        include=["in_responded", *NARROWED_BY],
                        name="fact_by_response",
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
        *_guards(),
    ]
