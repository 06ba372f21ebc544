"""Documents of tickets for the search, and the functions and triggers that write them."""

from pathlib import Path

import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

FORWARDS = Path(__file__).with_name("0002_search.sql")
BACKWARDS = Path(__file__).with_name("0002_search_undo.sql")


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [
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
        migrations.RunSQL(FORWARDS.read_text(encoding="utf-8"), BACKWARDS.read_text(encoding="utf-8")),
    ]
