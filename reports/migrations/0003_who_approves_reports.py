"""Roles that shipped before service reports did: managers, leaders and owners approve and send them."""

from django.db import migrations

APPROVE = ("incident_manager", "incident_owner", "centre_leadership", "service_level_manager", "administrator")
PERMISSION = "report.approve"


def give(apps, schema_editor):
    """Add what the shipped reference data gives since."""
    for role in apps.get_model("accounts", "Role").objects.filter(code__in=APPROVE):
        if PERMISSION not in role.permissions:
            role.permissions = [*role.permissions, PERMISSION]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_service_reports"), ("accounts", "0005_escalates_to")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
