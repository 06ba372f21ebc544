"""Figures of a period find their tickets by the date that places them; repetitions find the earlier one."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("tickets", "0010_file_kinds"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("resolved_at__isnull", False)), fields=["resolved_at"], name="ticket_by_solution"
            ),
        ),
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False)), fields=["closed_at"], name="ticket_by_closing"
            ),
        ),
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("responded_at__isnull", False)), fields=["responded_at"], name="ticket_by_response"
            ),
        ),
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("agreed_at__isnull", False)), fields=["agreed_at"], name="ticket_by_agreement"
            ),
        ),
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("category__isnull", False), ("resolved_at__isnull", False)),
                fields=["category", "organisation", "resolved_at"],
                include=("kind", "business_system"),
                name="ticket_same_fault",
            ),
        ),
    ]
