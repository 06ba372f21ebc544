"""What notices said, to whom, when and by which channel: for the proof that people were told (CHG-07)."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts.codes import LANGUAGES
from notifications.models import Delivery, Notice
from notifications.texts import Texts, spoken_to, values_of


def said_in(notices: QuerySet[Notice]) -> list[dict[str, Any]]:
    """Those of ``notices`` that had readers, in order: subject and text in both languages, and each reader's copy.

    A letter is written anew from what its notice remembers, by the templates that hold now, without what is each
    reader's own (greeting, links to answer by).
    """
    copies = Delivery.objects.select_related("recipient", "endpoint").order_by("pk")
    related = (f"ticket__{name}" for name in ("group", "assignee", "requester", "organisation", "business_system"))
    found = notices.filter(deliveries__isnull=False).distinct().order_by("pk")
    rows = list(found.select_related(*related).prefetch_related(Prefetch("deliveries", copies)))
    written: dict[int, dict[str, dict[str, str]]] = {row.pk: {} for row in rows}
    for name, code in LANGUAGES.items():
        with spoken_to(code):
            texts = Texts.load(code)
            for row in rows:
                values = values_of(row)
                body = texts.body(row.event_info, values)
                written[row.pk][name] = {"subject": texts.subject(row.event_info, values), "text": body}
    return [
        {"event": row.event, "at": row.created_at, **written[row.pk], "to": [*map(_copy, row.deliveries.all())]}
        for row in rows
    ]


def _copy(row: Delivery) -> dict[str, Any]:
    who = {"person": row.recipient.username} if row.recipient else {"place": row.endpoint and row.endpoint.name}
    return {**who, "channel": row.channel, "status": row.status, "sent_at": row.sent_at}
