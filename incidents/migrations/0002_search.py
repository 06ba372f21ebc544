"""Texts that only this kind has become part of the search."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

WRITE_OWN_TEXTS = """
    SELECT itsm_write_own_texts(ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(cause, ''), NULLIF(vendor_case_number, ''), NULLIF(vendor_contact, ''), NULLIF(vendor_contract, '')), concat_ws(E'\\x1e', NULLIF(handling, '')))
    FROM incidents_incident WHERE handling <> '' OR cause <> '' OR vendor_case_number <> '' OR vendor_contact <> '' OR vendor_contract <> ''
"""


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_initial"),
        ("tickets", "0002_search_fill"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="incident",
            trigger=pgtrigger.compiler.Trigger(
                name="search_own_texts_added",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.handling <> '' OR NEW.cause <> '' OR NEW.vendor_case_number <> '' OR NEW.vendor_contact <> '' OR NEW.vendor_contract <> '')",
                    func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.cause, ''), NULLIF(NEW.vendor_case_number, ''), NULLIF(NEW.vendor_contact, ''), NULLIF(NEW.vendor_contract, '')), concat_ws(E'\\x1e', NULLIF(NEW.handling, '')));\n        RETURN NULL;\n    ",
                    hash="0d3d2a019db25f68199cbc1f193d3bd9aa982c5c",
                    operation="INSERT",
                    pgid="pgtrigger_search_own_texts_added_ec11e",
                    table="incidents_incident",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incident",
            trigger=pgtrigger.compiler.Trigger(
                name="search_own_texts_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (ROW(OLD.handling, OLD.cause, OLD.vendor_case_number, OLD.vendor_contact, OLD.vendor_contract) IS DISTINCT FROM ROW(NEW.handling, NEW.cause, NEW.vendor_case_number, NEW.vendor_contact, NEW.vendor_contract))",
                    func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.cause, ''), NULLIF(NEW.vendor_case_number, ''), NULLIF(NEW.vendor_contact, ''), NULLIF(NEW.vendor_contract, '')), concat_ws(E'\\x1e', NULLIF(NEW.handling, '')));\n        RETURN NULL;\n    ",
                    hash="075c51acb42410a1fa18b4aa2ee9fb2510ec6034",
                    operation='UPDATE OF "handling", "cause", "vendor_case_number", "vendor_contact", "vendor_contract"',
                    pgid="pgtrigger_search_own_texts_changed_5cd6c",
                    table="incidents_incident",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(WRITE_OWN_TEXTS, migrations.RunSQL.noop),
    ]
