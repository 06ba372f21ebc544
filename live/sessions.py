"""Who is behind a session cookie: asked when a stream opens and again every minute, for many at once."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.access.sessions import contents_of, digest_of
from accounts.models import User
from itsm.web.lifetimes import is_over


def people_of(sessions: Collection[str]) -> dict[str, User]:
    """The active person of each session that has not ended, with their rights. Two queries, however many."""
    keys = {digest_of(key): key for key in sessions}
    rows = Session.objects.filter(session_key__in=list(keys), expire_date__gt=timezone.now())
    data = {keys[digest]: content for digest, content in contents_of(rows).items()}
    people = {str(user.pk): user for user in _people(found.get(SESSION_KEY) for found in data.values())}
    return {
        key: people[found[SESSION_KEY]]
        for key, found in data.items()
        if found.get(SESSION_KEY) in people and _holds(found, people[found[SESSION_KEY]])
    }


def _people(keys: Iterable[Any]) -> Iterable[User]:
    wanted = [key for key in keys if key]
    return User.objects.with_access().filter(pk__in=wanted, is_active=True) if wanted else []


def _holds(session: dict[str, Any], user: User) -> bool:
    """Whether the session was opened with the password of today and is neither idle nor old."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    stored = session.get(HASH_SESSION_KEY, "")
    if BACKEND_SESSION_KEY not in session or not any(constant_time_compare(stored, known) for known in hashes):
        return False
    now = int(time.time())
    began, seen = session.get("began_at", now), session.get("seen_at", now)
    return not is_over(began, seen, now, is_agent=lambda: user.is_agent)
