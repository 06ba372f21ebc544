"""Sessions that lie in clear end: their keys opened pages to whoever read the database. Everybody signs in anew.

Secrets of second factors that lie in clear are sealed.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from django.db import migrations

#: Where an authenticator keeps what must not lie in clear.
SECRETS = ("secret", "seed")


def end_sessions(apps: Any, schema_editor: Any) -> None:
    """Remove every session."""
    apps.get_model("sessions", "Session").objects.all().delete()


def seal_second_factors(apps: Any, schema_editor: Any) -> None:
    """Seal each secret; one that is sealed stays as it is."""
    adapter = get_adapter()
    for row in apps.get_model("mfa", "Authenticator").objects.all():
        kept = {name: adapter.encrypt(adapter.decrypt(row.data[name])) for name in SECRETS if row.data.get(name)}
        if kept:
            row.data |= kept
            row.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_shipped_first_pages"),
        ("sessions", "0001_initial"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.RunPython(end_sessions, migrations.RunPython.noop),
        migrations.RunPython(seal_second_factors, migrations.RunPython.noop),
    ]
