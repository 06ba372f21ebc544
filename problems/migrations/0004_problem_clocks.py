"""When the root cause was confirmed: what the clock of the cause ends with."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def take_from_timeline(apps: Any, schema_editor: Any) -> None:
    """Problems whose cause stands: when it was confirmed last, as their timeline says."""
    problem, entry = apps.get_model("problems", "Problem"), apps.get_model("tickets", "TimelineEntry")
    confirmed = entry.objects.filter(action="confirm_cause", ticket__kind="problem")
    times = dict(confirmed.order_by("at").values_list("ticket_id", "at"))
    unsure = ["registered", "assigned", "investigating"]
    for found in problem.objects.filter(pk__in=times).exclude(state__in=unsure).only("pk"):
        problem.objects.filter(pk=found.pk).update(cause_at=times[found.pk])


class Migration(migrations.Migration):
    dependencies = [
        ("problems", "0003_solutions_as_rounds"),
        ("tickets", "0019_priority_requests_are_rounds"),
    ]

    operations = [
        migrations.AddField(
            model_name="problem",
            name="cause_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="root cause confirmed"),
        ),
        migrations.RunPython(take_from_timeline, migrations.RunPython.noop),
    ]
