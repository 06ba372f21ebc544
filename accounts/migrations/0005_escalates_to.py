"""Which group takes over what is out of time in another one (INC-13)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_announce_and_add_callers"),
    ]

    operations = [
        migrations.AddField(
            model_name="supportgroup",
            name="escalates_to",
            field=models.ForeignKey(
                blank=True,
                help_text="The group of a higher line that takes over what is out of time here.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.supportgroup",
                verbose_name="escalates to",
            ),
        ),
    ]
