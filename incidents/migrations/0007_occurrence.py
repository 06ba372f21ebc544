"""When it occurred, whom it touches, who passed it on (TKT-02); extent and messenger are found by search."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0006_first_arrivals"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="incident",
            name="search_own_texts_added",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="incident",
            name="search_own_texts_changed",
        ),
        migrations.AddField(
            model_name="incident",
            name="extent",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="extent"),
        ),
        migrations.AddField(
            model_name="incident",
            name="occurred_at",
            field=models.DateTimeField(null=True, verbose_name="occurred"),
        ),
        migrations.AddField(
            model_name="incident",
            name="reported_by",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=120, verbose_name="reported for the requester by"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incident",
            trigger=pgtrigger.compiler.Trigger(
                name="search_own_texts_added",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.handling <> '' OR NEW.extent <> '' OR NEW.reported_by <> '' OR NEW.cause <> '' OR NEW.vendor_case_number <> '' OR NEW.vendor_contact <> '' OR NEW.vendor_contract <> '')",
                    func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.cause, ''), NULLIF(NEW.vendor_case_number, ''), NULLIF(NEW.vendor_contact, ''), NULLIF(NEW.vendor_contract, '')), concat_ws(E'\\x1e', NULLIF(NEW.handling, ''), NULLIF(NEW.extent, ''), NULLIF(NEW.reported_by, '')));\n        RETURN NULL;\n    ",
                    hash="ab3b3a3f2a01b497e9c27088a1380d2cdc551d4a",
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
                    condition="WHEN (ROW(OLD.handling, OLD.extent, OLD.reported_by, OLD.cause, OLD.vendor_case_number, OLD.vendor_contact, OLD.vendor_contract) IS DISTINCT FROM ROW(NEW.handling, NEW.extent, NEW.reported_by, NEW.cause, NEW.vendor_case_number, NEW.vendor_contact, NEW.vendor_contract))",
                    func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.cause, ''), NULLIF(NEW.vendor_case_number, ''), NULLIF(NEW.vendor_contact, ''), NULLIF(NEW.vendor_contract, '')), concat_ws(E'\\x1e', NULLIF(NEW.handling, ''), NULLIF(NEW.extent, ''), NULLIF(NEW.reported_by, '')));\n        RETURN NULL;\n    ",
                    hash="a6621364517b2eb40206b9cab9628262f274c08d",
                    operation='UPDATE OF "handling", "extent", "reported_by", "cause", "vendor_case_number", "vendor_contact", "vendor_contract"',
                    pgid="pgtrigger_search_own_texts_changed_5cd6c",
                    table="incidents_incident",
                    when="AFTER",
                ),
            ),
        ),
    ]
