from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0017_by_which_door")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="rounds_open",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
