"""The address that takes steps back, for the message that says that they were done."""

from __future__ import annotations

from django.core import signing
from django.http import Http404
from django.urls import reverse

from accounts.access.epochs import salt_of
from accounts.http import SignedInRequest
from tickets.models import TimelineEntry
from tickets.workspace.undo import can_undo

SALT = "undo"
#: Seconds after which the address is worth nothing; the steps themselves can be taken back for less.
VALID = 3600


def undo_address(request: SignedInRequest, entry: TimelineEntry, entries: list[int] | None = None) -> str:
    """Where ``entry`` can be taken back, together with ``entries`` of one bulk action; empty when it cannot."""
    if not can_undo(entry, request.user):
        return ""
    return (
        f"{reverse('tickets:undo')}?entries={signing.dumps(entries or [entry.pk], salt=salt_of(SALT), compress=True)}"
    )


def entries_of(request: SignedInRequest) -> list[int]:
    """The keys of the entries that the address names. Raises Http404 when it is not one of ours."""
    try:
        entries: list[int] = signing.loads(request.GET.get("entries", ""), salt=salt_of(SALT), max_age=VALID)
    except signing.BadSignature as error:
        raise Http404 from error
    return entries
