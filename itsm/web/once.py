"""A form of a page is sent once (E1): whoever sends it again gets the first answer, and nothing happens twice.

Every form that is drawn has an id of its own, in the hidden field ``form_id``; without scripts too. The id's row is
written first, in the transaction of the work itself, as for programs (``itsm.api.idempotency``). A twin waits for it,
then gets the kept answer; or does the work, when the first was refused and nothing happened.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.safestring import SafeData, mark_safe
from django.utils.translation import gettext as _

from drafts.models import FORM_ID
from itsm.api.errors import KeyInUse
from itsm.api.idempotency import claim, digest_of, digest_of_file
from tickets.models import IdempotencyKey

#: What a second answer repeats of the first one, besides its body. Cookies tell the browser which draft is done with.
KEPT_HEADERS = ("Location", "Content-Type", "HX-Trigger", "HX-Redirect", "HX-Location", "HX-Retarget", "HX-Reswap")
LARGEST_KEPT = 200_000
_ID = re.compile(r"[\w-]{8,64}")
#: Fields that differ between two sendings of the same form.
_NOT_CONTENT = ("csrfmiddlewaretoken", FORM_ID)
GetResponse = Callable[[HttpRequest], HttpResponse]


class OnceMiddleware:
    """Answers a form that was sent already as the first time.

    A view that works in parts, each in a transaction of its own, says so by ``in_parts``: its row is stored first.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        form_id = sent_id(request)
        if not form_id:
            return self.get_response(request)
        try:
            return self._once(request, f"page:{form_id}")
        except KeyInUse:
            return _try_again(request)

    def _once(self, request: HttpRequest, key: str) -> HttpResponse:
        mark = _mark(request)
        if _works_in_parts(request):
            row = claim(request.user.pk, key, mark)
            return _repeat(request, key, mark) if row is None else _kept(row, request, self.get_response(request))
        with transaction.atomic():
            row = claim(request.user.pk, key, mark)
            if row is None:
                return _repeat(request, key, mark)
            return _kept(row, request, self.get_response(request))


def sent_id(request: HttpRequest) -> str:
    """The id of the form that a signed-in person sends; empty for anything else."""
    if request.method != "POST" or request.path.startswith("/api/") or not request.user.is_authenticated:
        return ""
    form_id = request.POST.get(FORM_ID, "")
    return form_id if _ID.fullmatch(form_id) else ""


def _works_in_parts(request: HttpRequest) -> bool:
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return getattr(getattr(view, "view_class", None), "in_parts", False)


def _mark(request: HttpRequest) -> str:
    fields = sorted([name, values] for name, values in request.POST.lists() if name not in _NOT_CONTENT)
    files = sorted((name, digest_of_file(file)) for name, many in request.FILES.lists() for file in many)
    return digest_of([request.get_full_path(), fields, files])


def _kept(row: int, request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep a good answer for a twin. What was refused may be sent again: nothing happened."""
    if connection.in_atomic_block and (response.status_code >= 500 or connection.needs_rollback):
        transaction.set_rollback(True)
    elif response.status_code >= 400:
        IdempotencyKey.objects.filter(pk=row).delete()
    else:
        said = getattr(request, "_messages", None)
        body = {
            "text": "" if response.streaming else response.content[:LARGEST_KEPT].decode(errors="replace"),
            "cookies": response.cookies.output(header=""),
            "messages": [_as_kept(one) for one in getattr(said, "_queued_messages", ())],
        }
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        IdempotencyKey.objects.filter(pk=row).update(status=response.status_code, body=body, headers=headers)
    return response


def _as_kept(message: Any) -> dict[str, Any]:
    is_html = isinstance(message.message, SafeData)
    return {
        "level": message.level,
        "text": str(message.message),
        "html": is_html,
        "tags": str(message.extra_tags or ""),
    }


def _repeat(request: HttpRequest, key: str, mark: str) -> HttpResponse:
    """The first answer again. What was typed between the two sendings is not lost: it stays a draft, and is told."""
    kept = IdempotencyKey.objects.get(user=request.user, key=key)  # type: ignore[misc]
    if kept.status is None:
        return _try_again(request)
    body: dict[str, Any] = kept.body or {}
    response = HttpResponse(body["text"], status=kept.status, headers=kept.headers)
    waiting = {str(message) for message in getattr(messages.get_messages(request), "_loaded_messages", ())}
    for one in body["messages"]:
        if one["text"] in waiting:  # said already, and not read yet
            continue
        text = mark_safe(one["text"]) if one["html"] else one["text"]  # noqa: S308  # our own, as it was said before
        messages.add_message(request, one["level"], text, extra_tags=one["tags"])
    if kept.fingerprint == mark:
        response.cookies.load(body["cookies"])
    else:
        messages.warning(request, _("This form had been sent already. What was typed since was not sent."))
    return response


def _try_again(request: HttpRequest) -> HttpResponse:
    """The first sending is still at work."""
    response = render(request, "503.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = "2"
    return response
