"""Drafts of the time when all tabs shared one per form get an id of their own."""

from django.db import migrations

NAME_THEM = """
    UPDATE drafts_draft SET key = key || '#' || substr(md5(random()::text), 1, 16)
    WHERE key NOT LIKE '%#%' AND length(key) <= 100
"""


class Migration(migrations.Migration):
    dependencies = [("drafts", "0002_text_names")]

    operations = [migrations.RunSQL(NAME_THEM, migrations.RunSQL.noop)]
