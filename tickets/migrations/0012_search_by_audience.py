"""Requesters do not find tickets by the number in another system, which they do not read."""

from pathlib import Path
from typing import Any

from django.db import migrations

HERE = Path(__file__)


def before() -> str:
    """The function as the first version of the search had it."""
    sql = HERE.with_name("0002_search.sql").read_text(encoding="utf-8")
    begin = sql.index("CREATE FUNCTION itsm_write_documents")
    return (
        sql[begin : sql.index("END $$;", begin)].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") + "END $$;"
    )


def write_all_again(apps: Any, schema_editor: Any) -> None:
    """Have the documents written again in the background, where there are any."""
    if apps.get_model("tickets", "SearchDocument").objects.exists():
        apps.get_model("tickets", "StaleDocuments").objects.create(subject="all")


class Migration(migrations.Migration):
    dependencies = [("tickets", "0011_indexes_of_figures")]

    operations = [
        migrations.RunSQL(HERE.with_name("0012_search_by_audience.sql").read_text(encoding="utf-8"), before()),
        migrations.RunPython(write_all_again, write_all_again),
    ]
