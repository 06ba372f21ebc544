"""The form of a handover as PDF, with who signed when (CMDB-03, TKT-12)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cmdb.definitions import Definitions
from cmdb.models import Handover
from cmdb.values import is_empty, shown
from itsm.documents.paper import Part, moment, pdf_of

#: Attributes of the item that stand on the form.
TOLD = ("serial_number", "model", "location", "room", "acquisition", "contract", "warranty_end")


def handover_pdf(row: Handover, *, printed: str) -> bytes:
    """The handover form in the active language. ``printed``: its last line."""
    item, attributes = row.item, Definitions().of(row.item.ci_class_id)
    lines = [(_("Identifier"), item.identifier), (_("Name"), item.name), (_("Class"), item.ci_class.name)]
    lines += [
        (attributes[code].name, shown(attributes[code], item.attributes[code]))
        for code in TOLD
        if code in attributes and not is_empty(item.attributes.get(code))
    ]
    signed = row.receiver.display_name if row.state == Handover.State.TAKEN else ""
    signatures = [
        (_("Handed over by"), f"{row.giver.display_name} · {moment(row.given_at)}"),
        (_("Taken over by"), f"{signed} · {moment(row.ended_at)}" if signed else ""),
    ]
    about = [
        (_("Keeper until then"), row.keeper_before or "—"),
        (_("New keeper"), row.receiver.display_name),
        (_("Condition and accessories"), row.condition or "—"),
        (_("State"), row.get_state_display()),
        (_("Remark"), row.words or "—"),
    ]
    parts = [
        Part(_("Configuration item"), lines),
        Part(_("Handover"), about),
        Part(_("Signed in the portal"), signatures),
    ]
    return pdf_of(_("Handover form"), f"{item.identifier} · {item.name}", parts, printed=printed)
