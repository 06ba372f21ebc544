"""Change managers of portals that are in use may manage changes; new ones get it from the shipped roles."""

from django.db import migrations

RIGHT = "change.manage"


def grant(apps, schema_editor):
    for role in apps.get_model("accounts", "Role").objects.filter(code="change_manager"):
        if RIGHT not in role.permissions:
            role.permissions = [*role.permissions, RIGHT]
            role.save(update_fields=["permissions"])


def withdraw(apps, schema_editor):
    for role in apps.get_model("accounts", "Role").objects.all():
        if RIGHT in role.permissions:
            role.permissions = [one for one in role.permissions if one != RIGHT]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_change_manager_right"),
    ]

    operations = [migrations.RunPython(grant, withdraw)]
