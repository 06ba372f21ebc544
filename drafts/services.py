"""Keeping, finding and dropping what people typed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User
from drafts.models import MAX_KEY, MAX_TITLE, MAX_URL, NOT_WORDS, Draft

#: Instead of the id of a form: an empty one is wanted.
NEW = "new"
MAX_FIELDS = 60
MAX_BYTES = 256 * 1024
MAX_PER_PERSON = 100
KEPT = timedelta(days=30)
#: Parts of names of fields that are never kept, whatever form they stand in.
SECRET = ("password", "passwd", "token", "secret", "otp", "recovery")
NAME = re.compile(r"[\w-]{1,80}")
Fields = Mapping[str, list[str]]


class DraftTakenError(ValueError):
    """Somebody typed into the same draft elsewhere since this form read it."""


class DraftError(ValueError):
    """More than a draft may hold: ``MAX_FIELDS`` fields, ``MAX_BYTES`` as JSON."""


def save_draft(
    *,
    user: User,
    key: str,
    title: str,
    url: str,
    fields: Fields,
    now: datetime,
    text_names: list[str] | None = None,
    seen: str | None = None,
) -> Draft | None:
    """Keep ``fields`` as what ``user`` typed into the form ``key``; without a typed text drop the draft.

    ``text_names``: which of them are words, not choices; None leaves what was known. Replaces what was
    kept for the form before. Over ``MAX_PER_PERSON`` the oldest goes. ``seen``: the draft's time that the form knows,
    empty for none; None leaves out the check. Raises DraftError, DraftTakenError, and ValueError for a key that cannot
    be one.
    """
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise ValueError(key)
    kept = storable(fields)
    _check_seen(user, key, seen)
    if not any(value.strip() for name in set(kept) - set(NOT_WORDS) for value in kept[name]):
        drop_draft(user=user, key=key)
        return None
    local = url_has_allowed_host_and_scheme(url, allowed_hosts=None) and len(url) <= MAX_URL
    values: dict[str, Any] = {
        "title": title[:MAX_TITLE],
        "url": url if local else "",
        "fields": kept,
        "updated_at": now,
    }
    if text_names is not None:
        values["text_names"] = [name for name in text_names if name in kept]
    with transaction.atomic():
        draft, created = Draft.objects.update_or_create(user=user, key=key, defaults=values)
        if created:
            _drop_oldest(user)
    return draft


def _check_seen(user: User, key: str, seen: str | None) -> None:
    """Another window, on this or another machine, may have written since: neither text is lost."""
    if seen is None:
        return
    stored = Draft.objects.of(user).filter(key=key).values_list("updated_at", flat=True).first()
    if stored is not None and stored.isoformat() != seen:
        raise DraftTakenError


def storable(fields: Fields) -> dict[str, list[str]]:
    """``fields`` without secrets and without what the database cannot hold. Raises DraftError."""
    kept = {
        name: [value.replace("\0", "").encode(errors="ignore").decode() for value in values]
        for name, values in fields.items()
        if NAME.fullmatch(name) and not any(part in name.lower() for part in SECRET)
    }
    if len(kept) > MAX_FIELDS or len(json.dumps(kept, ensure_ascii=False).encode()) > MAX_BYTES:
        raise DraftError
    return kept


def _drop_oldest(user: User) -> None:
    kept = Draft.objects.of(user).order_by("-updated_at").values("pk")[:MAX_PER_PERSON]
    Draft.objects.of(user).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


def find_draft(*, user: User, key: str) -> Draft | None:
    """What ``user`` typed into the form ``key`` and did not send."""
    return Draft.objects.of(user).filter(key=key).first()


def choose_draft(*, user: User, form: str, wanted: Sequence[str] = ()) -> tuple[Draft | None, int]:
    """What a newly drawn ``form`` shows of what ``user`` typed into such forms before; and how many others wait.

    ``wanted``: ids of drawn forms, the best first: those that the asking tab holds. Without one of them it is the
    newest; with the id ``new`` none.
    """
    return best_of(list(Draft.objects.of(user).in_form(form)), wanted)


def best_of(drafts: Sequence[Draft], wanted: Sequence[str]) -> tuple[Draft | None, int]:
    """As ``choose_draft``, of ``drafts`` that are the newest first."""
    by_id = {draft.form_id: draft for draft in drafts}
    chosen = next((by_id[one] for one in wanted if one in by_id), None)
    if chosen is None and drafts and NEW not in wanted:
        chosen = drafts[0]
    return chosen, len(drafts) - (chosen is not None)


def drop_draft(*, user: User, key: str) -> None:
    """Forget what ``user`` typed into the form ``key``: it was sent, or is not wanted. Idempotent."""
    Draft.objects.of(user).filter(key=key).delete()


def move_words(*, user: User, key: str, to: str, title: str, url: str, now: datetime) -> bool:
    """Put the words of the draft ``key`` behind those of the draft ``to`` (its field ``text``), then drop ``key``.

    Tells whether there was something to move.
    """
    with transaction.atomic():
        found = {draft.key: draft for draft in Draft.objects.of(user).filter(key__in=[key, to]).select_for_update()}
        source, target = found.get(key), found.get(to)
        if source is None or key == to:
            return False
        fields = dict(target.fields) if target else {}
        before = target.value("text").strip() if target else ""
        fields["text"] = ["\n\n".join(filter(None, [before, source.words]))]
        save_draft(user=user, key=to, title=title, url=url, fields=fields, now=now, text_names=["text"])
        source.delete()
    return True


def purge_drafts(*, now: datetime) -> int:
    """Forget what nobody touched for ``KEPT``; return how many. Idempotent."""
    return Draft.objects.filter(updated_at__lt=now - KEPT).delete()[0]
