from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

#: Roles as shipped that get the new permissions; an administrator may have renamed or emptied them.
GRANTS = {
    "problem.raise": (
        "desk_agent",
        "first_line",
        "second_line",
        "incident_manager",
        "incident_owner",
        "problem_manager",
        "problem_supervisor",
        "problem_analyst",
        "change_manager",
        "technical_lead",
        "system_owner",
        "service_level_manager",
        "administrator",
    ),
    "problem.manage": ("problem_manager", "administrator"),
    "problem.supervise": ("problem_supervisor", "administrator"),
}


def grant(apps, schema_editor):
    """Let the shipped roles do what is new."""
    for permission, codes in GRANTS.items():
        for role in apps.get_model("accounts", "Role").objects.filter(code__in=codes):
            if permission not in role.permissions:
                role.permissions = [*role.permissions, permission]
                role.save(update_fields=["permissions"])


def take_back(apps, schema_editor):
    """Remove the permissions again."""
    for role in apps.get_model("accounts", "Role").objects.all():
        role.permissions = [name for name in role.permissions if name not in GRANTS]
        role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_confirmation_and_rating")]

    operations = [
        migrations.AlterField(
            model_name="role",
            name="permissions",
            field=ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("ticket.view", "See tickets of every customer"),
                        ("ticket.view_organisation", "See tickets of the own organisation"),
                        ("ticket.register", "Register tickets"),
                        ("ticket.dispatch", "Dispatch tickets: assign, reject, classify"),
                        ("ticket.work", "Work on tickets of the own groups"),
                        ("ticket.close", "Confirm and close tickets for requesters"),
                        ("ticket.internal", "Read and write internal notes"),
                        ("ticket.priority", "Approve a change of priority in any group"),
                        ("ticket.urge", "Urge tickets"),
                        ("ticket.export", "Export lists"),
                        ("report.people", "See figures of persons by name"),
                        ("problem.raise", "Raise problems"),
                        ("problem.manage", "Manage problems: assign, approve, end"),
                        ("problem.supervise", "Review solutions of problems of high level"),
                        ("cmdb.view", "See configuration items of every customer"),
                        ("cmdb.edit", "Record configuration items"),
                        ("cmdb.manage", "Manage configuration: correct, import, define classes"),
                        ("people.view", "Search people of every organisation"),
                        ("people.add", "Add callers who are not known yet"),
                        ("announcement.publish", "Publish announcements"),
                        ("token.create", "Create API tokens"),
                        ("admin.access", "Administer the portal"),
                    ],
                    max_length=40,
                ),
                blank=True,
                default=list,
                size=None,
                verbose_name="permissions",
            ),
        ),
        migrations.RunPython(grant, take_back),
    ]
