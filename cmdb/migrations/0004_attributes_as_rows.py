from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cmdb", "0003_keep_items")]

    operations = [migrations.RemoveField(model_name="ciclass", name="attributes")]
