from django.db import migrations


class Migration(migrations.Migration):
    """What the columns held are rounds of approval now."""

    dependencies = [("tickets", "0018_rounds_open"), ("incidents", "0008_priority_requests_as_rounds")]

    operations = [
        migrations.RemoveField(model_name="ticket", name="priority_requested_by"),
        migrations.RemoveField(model_name="ticket", name="requested_priority"),
    ]
