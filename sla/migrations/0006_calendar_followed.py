from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sla", "0005_engine")]

    operations = [
        migrations.AddField(
            model_name="calendar",
            name="followed",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
