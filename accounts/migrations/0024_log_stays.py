"""The administration's log is never changed, removed or emptied. Its table is Django's, and refers to people."""

from django.db import migrations

from accounts.access.guard import GUARD, LIFT


class Migration(migrations.Migration):
    replaces = [("accounts", "0019_log_stays")]

    dependencies = [
        ("accounts", "0001_squashed_0023"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [migrations.RunSQL(GUARD, LIFT)]
