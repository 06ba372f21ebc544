"""The change record and the configuration change order as PDF (TKT-12)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from changes.models import Change
from changes.proof.forms import OrderLine, order_of, ordering_of, record_of
from itsm.documents.paper import Part, moment, pdf_of


def record_pdf(change: Change, user: User, *, printed: str) -> bytes:
    """The change record (变更记录表), as ``user`` reads it. ``printed``: its last line."""
    parts = [
        Part(title, [(str(line["label"]), "" if line["value"] is None else str(line["value"])) for line in lines])
        for title, lines in record_of(change, user)
    ]
    return pdf_of(_("Change record"), _under(change), parts, printed=printed)


def order_pdf(change: Change, user: User, *, printed: str) -> bytes:
    """The configuration change order (配置变更单): items that ``user`` sees, with what was written to them."""
    head = [_("Configuration item"), _("Class"), _("Status"), _("Written to it")]
    rows = [
        [f"{line.item.identifier}\n{line.item.name}", str(line.item.ci_class), str(line.item.status), _written(line)]
        for line in order_of(change, user)
    ]
    signed = [(_("Signature of the implementer, date"), ""), (_("Signature of the configuration manager, date"), "")]
    ordering = [(str(line["label"]), str(line["value"] or "")) for line in ordering_of(change)]
    parts = [Part("", ordering), Part("", head=head, rows=rows, broad=[0, 3]), Part("", signed)]
    return pdf_of(_("Configuration change order"), _under(change), parts, printed=printed)


def _under(change: Change) -> str:
    return f"{change.number} · {change.summary} · {change.state_label}"


def _written(line: OrderLine) -> str:
    lines = []
    for one in line.written:
        lines.append(f"{moment(one.at)} · {one.by}")
        lines += [f"{field.label}: {field.before or '—'} → {field.after or '—'}" for field in one.fields]
    return "\n".join(lines) or _("nothing yet")
