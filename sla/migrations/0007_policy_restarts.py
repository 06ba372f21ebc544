"""A policy may say that the response counts anew after a return to the desk."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sla", "0006_calendar_followed")]

    operations = [
        migrations.AddField(
            model_name="policyversion",
            name="restarts",
            field=models.BooleanField(
                default=False, verbose_name="the response counts anew after a return to the desk"
            ),
        )
    ]
