import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=20, verbose_name="list")),
                ("query", models.TextField(blank=True, verbose_name="filters")),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), size=None, verbose_name="columns"
                    ),
                ),
                (
                    "format",
                    models.CharField(choices=[("csv", "CSV"), ("xlsx", "Excel")], max_length=5, verbose_name="format"),
                ),
                ("language", models.CharField(max_length=10)),
                ("time_zone", models.CharField(max_length=50)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Being written"),
                            ("ready", "Ready"),
                            ("sent", "Sent at once"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("removed", "Removed after a day"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("rows_total", models.PositiveIntegerField(null=True, verbose_name="rows in the list")),
                ("rows_done", models.PositiveIntegerField(default=0, verbose_name="rows written")),
                ("size", models.PositiveBigIntegerField(null=True, verbose_name="size (bytes)")),
                ("file", models.CharField(blank=True, max_length=100)),
                ("worker", models.CharField(blank=True, max_length=36)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(verbose_name="asked for")),
                ("heartbeat_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                ("downloaded_at", models.DateTimeField(null=True, verbose_name="downloaded")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exports",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["user", "-created_at"], name="export_of_person"),
                    models.Index(fields=["status", "finished_at"], name="export_by_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["queued", "running"])),
                        fields=("user",),
                        name="export_one_at_a_time",
                    )
                ],
            },
        ),
    ]
