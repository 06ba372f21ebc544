"""Addresses and secrets of outside places are sealed; the administration's log forgets those that it holds."""

import json

import django.core.validators
from django.db import migrations

import itsm.sealed_fields


def seal_endpoints(apps, schema_editor):
    for row in apps.get_model("notifications", "Endpoint").objects.all():
        row.save(update_fields=["url", "secret"])


def open_endpoints(apps, schema_editor):
    """Texts as they were: the columns of before cannot open anything."""
    for row in apps.get_model("notifications", "Endpoint").objects.all():
        with schema_editor.connection.cursor() as cursor:
            told = [row.url, row.secret, row.pk]
            cursor.execute("UPDATE notifications_endpoint SET url = %s, secret = %s WHERE id = %s", told)


def forget_logged(apps, schema_editor):
    entries = apps.get_model("admin", "LogEntry").objects
    for entry in entries.filter(content_type__app_label="notifications", content_type__model="endpoint"):
        try:
            parts = json.loads(entry.change_message)
        except ValueError:
            continue
        for part in parts:
            for said in part.values():
                for name in ("url", "secret"):
                    said.get("values", {}).pop(name, None)
        entry.change_message = json.dumps(parts)
        entry.save(update_fields=["change_message"])


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0003_asking_how_it_was"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.AlterField(
            model_name="endpoint",
            name="secret",
            field=itsm.sealed_fields.SealedTextField(
                blank=True, max_length=200, purpose="endpoint", verbose_name="secret"
            ),
        ),
        migrations.AlterField(
            model_name="endpoint",
            name="url",
            field=itsm.sealed_fields.SealedTextField(
                max_length=500,
                purpose="endpoint",
                validators=[django.core.validators.URLValidator(["http", "https"])],
                verbose_name="address",
            ),
        ),
        migrations.RunPython(seal_endpoints, open_endpoints),
        migrations.RunPython(forget_logged, migrations.RunPython.noop),
    ]
