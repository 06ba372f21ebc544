"""People are found by the normal form of their numbers."""

from __future__ import annotations

from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models

from accounts.phones import keys_of


def fill(apps: Any, schema_editor: Any) -> None:
    """The normal forms of the numbers that are stored."""
    person = apps.get_model("accounts", "User")
    for row in person.objects.exclude(phone="", mobile="").only("pk", "phone", "mobile").iterator():
        person.objects.filter(pk=row.pk).update(phone_keys=keys_of(row.phone, row.mobile))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_access_log")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="phone_keys",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), default=list, editable=False, size=None
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
