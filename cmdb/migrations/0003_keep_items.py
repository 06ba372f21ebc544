"""Keeps what the minimal database knew: the attributes of classes, and every item as its own first version."""

from django.db import migrations

#: Parents of the shipped classes; before, the tree was not kept.
PARENTS = {
    "hardware": ["server", "storage", "network_device", "security_device", "terminal"],
    "software": ["operating_system", "database", "middleware", "application"],
    "other": ["facility", "line"],
}
#: Attributes whose definitions are shipped with the reference data, which is loaded after the migrations.
SHIPPED = {
    *("location", "brand_model", "serial_number", "ip_address", "cpu", "memory", "operating_system"),
    *("installed_software", "capacity", "version", "owner", "vendor", "licence", "deployed_on"),
    *("storage_location", "provider", "service_hours", "bandwidth", "contact", "address"),
}
#: Who keeps the record, in portals that run already.
RIGHTS = {
    "config_manager": ["cmdb.edit", "cmdb.manage"],
    "administrator": ["cmdb.edit", "cmdb.manage"],
    "first_line": ["cmdb.edit"],
    "second_line": ["cmdb.edit"],
}
VERSIONS = """
    INSERT INTO cmdb_itemversion (item_id, identifier, name, ci_class_id, status_id, business_system_id,
        organisation_id, default_group_id, attributes, valid, recorded, sources, authority, reference, reason, carried)
    SELECT id, identifier, name, ci_class_id, status_id, business_system_id, organisation_id, default_group_id,
        attributes, tstzrange(transaction_timestamp(), NULL), tstzrange(transaction_timestamp(), NULL),
        jsonb_build_object('', jsonb_build_array('before', transaction_timestamp())), 'first', '', '', false
    FROM cmdb_configurationitem
"""


def keep_attributes(apps, schema_editor):
    """Attributes that administrators added to classes go on as texts, under the name they had."""
    ci_class, attribute = apps.get_model("cmdb", "CIClass"), apps.get_model("cmdb", "Attribute")
    for row in ci_class.objects.all():
        own = [code for code in row.attributes if code not in SHIPPED]
        attribute.objects.bulk_create(
            attribute(ci_class=row, code=code, name_zh=code, name_en=code, position=500 + number)
            for number, code in enumerate(own)
        )
    for parent, children in PARENTS.items():
        if ci_class.objects.filter(code=parent).exists():
            ci_class.objects.filter(code__in=children, parent=None).update(parent_id=parent)


def give_rights(apps, schema_editor):
    """Roles that exist get the new permissions."""
    role = apps.get_model("accounts", "Role")
    for code, wanted in RIGHTS.items():
        for row in role.objects.filter(code=code):
            row.permissions = [*row.permissions, *(right for right in wanted if right not in row.permissions)]
            row.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("cmdb", "0002_cmdb_in_time")]

    operations = [
        migrations.RunPython(keep_attributes, migrations.RunPython.noop),
        migrations.RunPython(give_rights, migrations.RunPython.noop),
        migrations.RunSQL(VERSIONS, migrations.RunSQL.noop),
    ]
