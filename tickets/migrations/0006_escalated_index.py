"""The queue of what is escalated, in its order."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("tickets", "0005_agreed_escalated_closing"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                fields=["priority_rank", "queue_due_at", "complexity", "id"],
                include=("kind",),
                condition=models.Q(("phase__in", ("open", "waiting")), ("escalated_at__isnull", False)),
                name="ticket_live_escalated",
            ),
        ),
    ]
