"""Rules that are edited hold for open clocks: what the engine has still to do about an edit."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0010_trial_runs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="timer",
            name="state",
            field=models.CharField(
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
    ]
