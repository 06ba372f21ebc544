"""What timer health asks of timers, each by its own index: those that fired lately, and those that were given up."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("sla", "0011_rules_followed"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="timer",
            index=models.Index(fields=["fired_at"], condition=models.Q(("state", "fired")), name="timer_fired"),
        ),
        AddIndexConcurrently(
            model_name="timer",
            index=models.Index(fields=["not_before"], condition=models.Q(("state", "failed")), name="timer_failed"),
        ),
    ]
