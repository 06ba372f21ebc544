"""Who uses which business system: named by hand, or offered to every customer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_change_managers_manage"),
        ("cmdb", "0005_other_names_of_systems"),
    ]

    operations = [
        migrations.AddField(
            model_name="businesssystem",
            name="for_everybody",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Every customer can choose it, whether they used it yet or not.",
                verbose_name="offered to every customer",
            ),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="organisations",
            field=models.ManyToManyField(
                blank=True,
                help_text="Besides those on whose tickets or configuration items it stands. Others do not see it.",
                related_name="systems",
                to="accounts.organisation",
                verbose_name="used by",
            ),
        ),
    ]
