"""Roles that shipped before boards did: managers, leaders and owners begin on theirs and see figures by name."""

from django.db import migrations

BEGIN_ON_BOARD = ("incident_manager", "incident_owner", "centre_leadership", "service_level_manager")
SEE_PERSONS = (*BEGIN_ON_BOARD, "technical_lead", "administrator")
PERMISSION = "report.people"


def give(apps, schema_editor):
    """Add what the shipped reference data gives since."""
    roles = apps.get_model("accounts", "Role").objects
    roles.filter(code__in=BEGIN_ON_BOARD).update(first_page="board")
    for role in roles.filter(code__in=SEE_PERSONS).exclude(permissions__contains=[PERMISSION]):
        role.permissions.append(PERMISSION)
        role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_first_page")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
