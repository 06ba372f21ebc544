"""Repeating a creating request safely (API-02): the first answer is kept for a day and given again.

The key's row is written first, in the transaction of the work itself. A twin that comes meanwhile waits at
the unique key until the first one is through: then it gets the kept answer, or, when the first was refused
and nothing happened, does the work itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.errors import KeyInUse, KeyReused
from tickets.models import IdempotencyKey

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("Location", "ETag")
LOCK_NOT_AVAILABLE = "55P03"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_CLAIM = """
    INSERT INTO tickets_idempotencykey AS kept (user_id, key, fingerprint, headers, created_at)
    VALUES (%(user)s, %(key)s, %(fingerprint)s, '{}', clock_timestamp())
    ON CONFLICT (user_id, key) DO UPDATE SET
        fingerprint = EXCLUDED.fingerprint, status = NULL, body = NULL, created_at = EXCLUDED.created_at
        WHERE kept.created_at < clock_timestamp() - interval '24 hours'
    RETURNING id
"""


def answer_once(request: Request, work: Callable[[], Response]) -> Response:
    """Do ``work`` in one transaction, or repeat the answer it gave for the same key before.

    Raises KeyReused when the key came with another request, KeyInUse when that one takes too long.
    """
    key = request.headers.get(HEADER)
    if key is None:
        with transaction.atomic():
            return work()
    if not _KEY.fullmatch(key):
        raise ValidationError({HEADER: [_("1 to 200 visible ASCII characters.")]})
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        row = claim(request.user.pk, key, fingerprint)
        if row is None:
            return _kept_answer(request, key, fingerprint)
        response = work()
        _keep(row, response)
    return response


def claim(user: int | None, key: str, fingerprint: str) -> int | None:
    """Write the row of the ``key`` of ``user``; None when it is there already. Waits for a twin that is at work.

    Raises KeyInUse when the twin takes too long.
    """
    values: dict[str, Any] = {"user": user, "key": key, "fingerprint": fingerprint}
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            found = cursor.fetchone()
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == LOCK_NOT_AVAILABLE:
            raise KeyInUse(_("A request with this key is still in progress.")) from error
        raise
    return found[0] if found else None


def _kept_answer(request: Request, key: str, fingerprint: str) -> Response:
    kept = IdempotencyKey.objects.get(user=request.user, key=key)  # type: ignore[misc]  # signed in
    if kept.fingerprint != fingerprint:
        raise KeyReused(_("Use a new key for a new request."))
    return Response(kept.body, status=kept.status, headers={**kept.headers, REPLAYED: "true"})


def _keep(row: int, response: Response) -> None:
    IdempotencyKey.objects.filter(pk=row).update(
        status=response.status_code,
        body=None if response.data is None else json.loads(JSONRenderer().render(response.data)),
        headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
    )


def _fingerprint(request: Request) -> str:
    """What makes two requests the same: method, address, content (not the boundary of its parts)."""
    content: Any = request.data
    if request.FILES:
        files = [(name, digest_of_file(file)) for name, many in request.FILES.lists() for file in many]
        content = [sorted(map(list, request.POST.lists())), sorted(files)]
    return digest_of([request.method, request.get_full_path(), content])


def digest_of(content: Any) -> str:
    """A short mark of what JSON can hold: equal for equal content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def digest_of_file(file: Any) -> str:
    """A short mark of an uploaded file, which can be read again afterwards."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
