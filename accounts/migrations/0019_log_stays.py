"""The administration's log is never changed, removed or emptied. What takes secrets out of it ran before."""

from django.db import migrations

from accounts.access.guard import GUARD, LIFT


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_change_managers_manage"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("notifications", "0004_sealed_addresses"),
    ]

    operations = [migrations.RunSQL(GUARD, LIFT)]
