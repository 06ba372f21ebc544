"""Facts of problems and changes, too: what says that theirs are to be made anew; times are read from an index."""

from django.db import migrations, models

NARROWED_BY = ("group", "assignee", "business_system", "organisation", "category", "priority", "source")
#: Table, the column that names the ticket, a name of the trigger.
SOURCES = (
    ("problems_problem", "ticket_ptr_id", "INSERT OR UPDATE", "problem"),
    ("changes_change", "ticket_ptr_id", "INSERT OR UPDATE", "change"),
    ("tickets_ticketlink", "target_id", "INSERT OR UPDATE OR DELETE", "link_target"),
)
TRIGGER = """
CREATE FUNCTION reports_note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reports_changedticket (ticket_id) VALUES (CASE TG_OP WHEN 'DELETE' THEN OLD.{key} ELSE NEW.{key} END);
    RETURN NULL;
END $$;
CREATE TRIGGER note_{name}_for_figures AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION reports_note_{name}();
"""
LIFT = """
DROP TRIGGER note_{name}_for_figures ON {table};
DROP FUNCTION reports_note_{name}();
"""


def _guards():
    for table, key, events, name in SOURCES:
        given = {"table": table, "key": key, "events": events, "name": name}
        yield migrations.RunSQL(TRIGGER.format_map(given), LIFT.format_map(given))


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0010_process_reviews"),
        ("problems", "0001_initial"),
        ("changes", "0001_initial"),
    ]

    operations = [
        *_guards(),
        migrations.RemoveIndex("fact", "fact_by_solution"),
        migrations.AddIndex(
            "fact",
            models.Index(
                fields=["kind", "resolved_at"],
                include=["in_resolved", "created_at", "worked", *NARROWED_BY],
                name="fact_by_solution",
            ),
        ),
    ]
