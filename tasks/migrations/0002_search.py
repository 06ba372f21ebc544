"""Texts that only this kind has become part of the search."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

WRITE_OWN_TEXTS = """
    SELECT itsm_write_own_texts(ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(result, '')), '')
    FROM tasks_task WHERE result <> ''
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0001_initial"),
        ("tickets", "0002_search_fill"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="task",
            trigger=pgtrigger.compiler.Trigger(
                name="search_own_texts_added",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.result <> '')",
                    func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.result, '')), '');\n        RETURN NULL;\n    ",
                    hash="134b56299e8939ec166babadbe19806e6335047c",
                    operation="INSERT",
                    pgid="pgtrigger_search_own_texts_added_3fe13",
                    table="tasks_task",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="task",
            trigger=pgtrigger.compiler.Trigger(
                name="search_own_texts_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (ROW(OLD.result) IS DISTINCT FROM ROW(NEW.result))",
                    func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.result, '')), '');\n        RETURN NULL;\n    ",
                    hash="96ad693cd3bf1c1e003dba5de6683a779375fbfa",
                    operation='UPDATE OF "result"',
                    pgid="pgtrigger_search_own_texts_changed_6fb8e",
                    table="tasks_task",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(WRITE_OWN_TEXTS, migrations.RunSQL.noop),
    ]
