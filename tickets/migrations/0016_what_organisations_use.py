"""What an organisation uses is told by its tickets: systems and categories by organisation."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("tickets", "0015_waits_end"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("business_system__isnull", False)),
                fields=["organisation", "business_system"],
                name="ticket_uses_system",
            ),
        ),
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("category__isnull", False)),
                fields=["organisation", "category"],
                name="ticket_uses_category",
            ),
        ),
    ]
