"""Targets of figures, and who sets them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

#: Roles that shipped before targets did: those who approve service reports.
PERMISSION = "report.manage"


def give(apps, schema_editor):
    """Add what the shipped reference data gives since."""
    for role in apps.get_model("accounts", "Role").objects.all():
        if "report.approve" in role.permissions and PERMISSION not in role.permissions:
            role.permissions = [*role.permissions, PERMISSION]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_managing_reports"),
        ("reports", "0004_facts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
