"""Changes of the model as people make them: what would follow is read first, and agreed to."""

from __future__ import annotations

from typing import Any

from django.test import Client


def agreed(client: Client, url: str, said: dict[str, Any], **more: Any) -> Any:
    """The answer once what ``said`` means was read; at once where nothing would follow of it."""
    answer = client.post(url, said, **more)
    context = answer.context or {}
    preview = context.get("preview") or context.get("attribute_preview")
    return client.post(url, {**said, "confirmed": preview.mark}, **more) if preview else answer
