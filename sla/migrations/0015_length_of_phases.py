"""How long a phase of a contract usually takes (SLM-02)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0014_waits_end"),
    ]

    operations = [
        migrations.AddField(
            model_name="contractphase",
            name="weeks",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="usual length (weeks)"),
        ),
    ]
