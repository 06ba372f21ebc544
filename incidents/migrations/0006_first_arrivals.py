"""The first arrival of tickets from before is the one that is recorded."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0005_calls_and_visits")]

    operations = [
        migrations.RunSQL(
            "UPDATE incidents_incident SET first_arrived_at = arrived_at WHERE arrived_at IS NOT NULL",
            migrations.RunSQL.noop,
        )
    ]
