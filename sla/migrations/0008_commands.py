"""What the portal does by itself when a time is over: rules, and commands as rows (INC-09, INC-13, INC-19)."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0007_policy_restarts"),
        ("tickets", "0006_escalated_index"),
    ]

    operations = [
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
                            ("told", "stayed; people were told"),
                            ("claimed", "stayed, because somebody has claimed it; people were told"),
                            ("nowhere", "stayed, because no group of the next line is known; people were told"),
                            ("closed", "closed"),
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
                            ("response", "Response"),
                            ("on_site", "On site"),
                            ("resolve", "Resolution"),
                            ("update", "Status update"),
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
    ]
