"""When the vendor responded and came, beside the end of their part."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_search")]

    operations = [
        migrations.AddField(
            model_name="incident",
            name="vendor_responded_at",
            field=models.DateTimeField(null=True, verbose_name="vendor responded"),
        ),
        migrations.AddField(
            model_name="incident",
            name="vendor_arrived_at",
            field=models.DateTimeField(null=True, verbose_name="vendor on site"),
        ),
        migrations.AlterField(
            model_name="incident",
            name="vendor_answered_at",
            field=models.DateTimeField(null=True, verbose_name="vendor's part over"),
        ),
    ]
