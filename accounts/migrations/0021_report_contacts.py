"""Who gets an organisation's service reports, and in which language; begun with those who got them until now."""

from django.conf import settings
from django.db import migrations, models


def begin(apps, schema_editor):
    """The interface person and those who decide, as far as they are the customer's own people and sign in."""
    for customer in apps.get_model("accounts", "Organisation").objects.filter(kind="customer"):
        decide = list(customer.decision_makers.values_list("pk", flat=True))
        people = apps.get_model("accounts", "User").objects.filter(organisation=customer, is_active=True)
        readers = people.filter(pk__in=[*decide, customer.interface_person_id])
        customer.report_contacts.set(readers)
        customer.report_language = next((one.language for one in readers.order_by("pk") if one.language), "")
        customer.save(update_fields=["report_language"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_managing_reports")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="report_contacts",
            field=models.ManyToManyField(
                blank=True,
                help_text="Who gets the organisation's service reports.",
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="report contacts",
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="report_language",
            field=models.CharField(
                blank=True,
                choices=[("en", "English"), ("zh-hans", "Simplified Chinese")],
                help_text="Empty: that of the portal.",
                max_length=10,
                verbose_name="language of reports",
            ),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
