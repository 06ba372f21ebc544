import django.db.models.deletion
import pgtrigger.compiler
from django.db import migrations, models

from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("tickets", "0001_squashed_0022"),
    ]

    operations = [
        migrations.CreateModel(
            name="TaskKind",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "kind of work",
                "verbose_name_plural": "kinds of work",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                (
                    "ticket_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=1, verbose_name="position")),
                ("in_order", models.BooleanField(default=False, verbose_name="after the task before")),
                ("result", models.TextField(blank=True, verbose_name="result")),
                (
                    "task_kind",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tasks.taskkind",
                        verbose_name="kind of work",
                    ),
                ),
                ("holds_parent", models.BooleanField(db_default=True, default=True, editable=False)),
                (
                    "close_code",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.closecode",
                        verbose_name="close code",
                    ),
                ),
            ],
            options={
                "verbose_name": "task",
                "verbose_name_plural": "tasks",
                "triggers": [
                    pgtrigger.compiler.Trigger(
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
                    pgtrigger.compiler.Trigger(
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
                ],
            },
            bases=("tickets.ticket",),
        ),
    ]
