"""Confirmations that came by the link in a mail said "portal": those whose link was used say so now (INC-08)."""

from django.db import migrations

TELL = """
UPDATE tickets_ticket SET confirmed_how = 'link'
WHERE confirmed_how = 'portal' AND EXISTS (
    SELECT FROM notifications_answerlink link
    WHERE link.ticket_id = tickets_ticket.id AND link.purpose = '' AND link.used_at IS NOT NULL
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_sealed_addresses"),
        ("tickets", "0017_by_which_door"),
    ]

    operations = [
        migrations.RunSQL(TELL, "UPDATE tickets_ticket SET confirmed_how = 'portal' WHERE confirmed_how = 'link'")
    ]
