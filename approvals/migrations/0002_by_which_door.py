"""Answers by the link in a mail have a door of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="via",
            field=models.CharField(
                choices=[
                    ("web", "Page"),
                    ("api", "API"),
                    ("link", "Link in a mail"),
                    ("system", "System"),
                    ("import", "Import"),
                ],
                max_length=10,
                verbose_name="came by",
            ),
        ),
    ]
