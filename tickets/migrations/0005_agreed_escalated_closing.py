"""Times beside the limits: agreed with the requester, escalated since, closing by itself (INC-09, INC-13, INC-19)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0004_time_spent"),
    ]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="agreed_at",
            field=models.DateTimeField(null=True, verbose_name="agreed time"),
        ),
        migrations.AddField(
            model_name="ticket",
            name="agreed_reason",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="reason for the agreed time"),
        ),
        migrations.AddField(
            model_name="ticket",
            name="escalated_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="escalated since"),
        ),
        migrations.AddField(
            model_name="ticket",
            name="closes_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="closes by itself"),
        ),
    ]
