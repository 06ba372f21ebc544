"""The demo's canned replies and ticket templates."""

from __future__ import annotations

from typing import Any

from accounts.models import SupportGroup, User
from replies.models import CannedReply, TicketTemplate
from replies.prefills import CODES, TEXTS

Row = dict[str, Any]


def load_replies(replies: list[Row], templates: list[Row]) -> None:
    """Add what the file describes: for all, for a group, or a person's own."""
    for row in replies:
        CannedReply.objects.create(**_shared(row), text_zh=row["text_zh"], text_en=row["text_en"], fits=row["fits"])
    for row in templates:
        TicketTemplate.objects.create(**_shared(row), **{name: row[name] for name in TEXTS}, **_rows(row))


def _shared(row: Row) -> Row:
    owner = User.objects.get(username=row["owner"]) if "owner" in row else None
    team = SupportGroup.objects.get(code=row["team"]) if "team" in row else None
    return {"code": row["code"], "name_zh": row["zh"], "name_en": row["en"], "owner": owner, "team": team}


def _rows(row: Row) -> Row:
    """What the template chooses, by its codes."""
    fields: Any = {name: TicketTemplate._meta.get_field(name) for name in CODES if name in row}
    return {name: field.related_model.objects.get(code=row[name]) for name, field in fields.items()}
