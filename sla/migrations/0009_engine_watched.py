"""Who held the engine back and why, and what it last saw of Redis and of backups."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0008_commands"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(model_name="enginestate", name="backed_up_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="enginestate", name="broker_answers", field=models.BooleanField(null=True)),
        migrations.AddField(model_name="enginestate", name="looked_at", field=models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="EngineSwitch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="time")),
                ("paused", models.BooleanField(verbose_name="held back")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "switching of the engine",
                "verbose_name_plural": "switching of the engine",
                "ordering": ["-id"],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="engineswitch",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="62985ea178ba036d804a00ea2491ee2f32adb026",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_cf644",
                    table="sla_engineswitch",
                    when="BEFORE",
                ),
            ),
        ),
    ]
