"""Write the documents of the tickets that are there, a batch in a transaction, and index their words."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from tickets.lifecycle import kinds

BATCH = 500


def declare_private_texts(apps, schema_editor):
    """What is written with these actions is not public; later changes are written after each migration."""
    rows = apps.get_model("tickets", "DeclaredPrivateText").objects
    for kind in kinds():
        for action in kind.actions.values():
            if action.private_text:
                rows.get_or_create(kind=kind.code, action=action.name)


def write_documents(apps, schema_editor):
    """Batch by batch; a run that was ended goes on where it stopped."""
    ticket = apps.get_model("tickets", "Ticket")
    ids = list(ticket.objects.filter(search_document=None).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT itsm_write_documents(%s)", [ids[start : start + BATCH]])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0002_search")]

    operations = [
        migrations.RunPython(declare_private_texts, migrations.RunPython.noop),
        migrations.RunPython(write_documents, migrations.RunPython.noop),
        AddIndexConcurrently("searchdocument", GinIndex(fields=["everything"], name="search_document_words")),
    ]
