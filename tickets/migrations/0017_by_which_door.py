"""Answers by the link in a mail have a door of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0016_what_organisations_use"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ticket",
            name="confirmed_how",
            field=models.CharField(
                blank=True,
                choices=[
                    ("portal", "In the portal"),
                    ("link", "By the link in a mail"),
                    ("phone", "By phone"),
                    ("chat", "By chat or remote help"),
                    ("mail", "By mail"),
                    ("person", "In person"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="how it was confirmed",
            ),
        ),
        migrations.AlterField(
            model_name="timelineentry",
            name="via",
            field=models.CharField(
                choices=[
                    ("web", "Page"),
                    ("api", "API"),
                    ("link", "Link in a mail"),
                    ("system", "System"),
                    ("import", "Import"),
                ],
                default="web",
                max_length=10,
                verbose_name="came by",
            ),
        ),
    ]
