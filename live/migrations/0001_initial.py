import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from itsm import initial

# One statement, one message. More than 100 tickets in one statement are not named: who listens reads on from
# where they were.
FUNCTION = """
CREATE FUNCTION live_tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named text;
    many boolean;
BEGIN
    SELECT string_agg(ticket_id::text, ','), count(*) > 100 INTO named, many
    FROM (SELECT DISTINCT ticket_id FROM inserted LIMIT 100 + 1) changed;
    IF named IS NOT NULL THEN
        PERFORM pg_notify('itsm_live', CASE WHEN many THEN 'many' ELSE 'tickets ' || named END);
    END IF;
    RETURN NULL;
END
$$
"""
TRIGGER = """
CREATE TRIGGER live_tell AFTER INSERT ON tickets_timelineentry
REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION live_tell()
"""


class Migration(initial.Migration):
    dependencies = [
        ("tickets", "0001_squashed_0022"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen_at", models.DateTimeField()),
                ("editing_at", models.DateTimeField(null=True)),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tickets.ticket",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "presence",
                "verbose_name_plural": "presence",
                "constraints": [models.UniqueConstraint(fields=("user", "ticket"), name="presence_unique")],
            },
        ),
        migrations.RunSQL("ALTER TABLE live_presence SET UNLOGGED", "ALTER TABLE live_presence SET LOGGED"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION live_tell()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER live_tell ON tickets_timelineentry"),
    ]
