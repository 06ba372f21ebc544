"""Tasks end with the close codes of incidents (TSK-01): those that they ended with until now say what they meant.

Done: by the line of the group. Partly done and failed: unresolved. Not needed, and what was cancelled: rejected.
"""

import django.db.models.deletion
from django.db import migrations, models

MEANT = """
UPDATE tasks_task SET ended_as_id = (
    SELECT codes.code FROM tickets_closecode codes WHERE codes.code = CASE
        WHEN tasks_task.close_code_id = 'done' THEN (
            SELECT CASE WHEN teams.tier IN ('desk', 'tier1', 'tier2', 'tier3') THEN teams.tier ELSE 'tier1' END
            FROM tickets_ticket ticket LEFT JOIN accounts_supportgroup teams ON teams.id = ticket.group_id
            WHERE ticket.id = tasks_task.ticket_ptr_id
        )
        WHEN tasks_task.close_code_id IN ('partly', 'failed') THEN 'unresolved'
        ELSE 'rejected'
    END
)
WHERE tasks_task.close_code_id IS NOT NULL
    OR EXISTS (SELECT FROM tickets_ticket t WHERE t.id = tasks_task.ticket_ptr_id AND t.state = 'cancelled');
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0003_holds_parent"),
        ("tickets", "0017_by_which_door"),
        ("accounts", "0018_change_managers_manage"),
    ]

    operations = [
        migrations.AddField(
            model_name="task",
            name="ended_as",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="tickets.closecode",
                verbose_name="close code",
                db_index=False,
            ),
        ),
        migrations.RunSQL(MEANT, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="task", name="close_code"),
        migrations.RenameField(model_name="task", old_name="ended_as", new_name="close_code"),
        migrations.DeleteModel(name="TaskCloseCode"),
        migrations.AlterModelOptions(
            name="taskkind",
            options={
                "abstract": False,
                "ordering": ["position", "code"],
                "verbose_name": "kind of work",
                "verbose_name_plural": "kinds of work",
            },
        ),
        migrations.AlterField(
            model_name="task",
            name="task_kind",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="tasks.taskkind",
                verbose_name="kind of work",
            ),
        ),
    ]
