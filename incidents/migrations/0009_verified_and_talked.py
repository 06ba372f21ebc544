"""Who verified a solution and how; when somebody talked with the previous handler."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0008_priority_requests_as_rounds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="incident",
            name="talked_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="talk with the previous handler"),
        ),
        migrations.AddField(
            model_name="incident",
            name="verified_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="verified by",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="verified_how",
            field=models.CharField(
                blank=True,
                choices=[
                    ("tested", "Tested by us"),
                    ("requester", "Tried by the requester"),
                    ("monitoring", "Seen in monitoring"),
                    ("records", "By records or logs"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="how it was verified",
            ),
        ),
    ]
