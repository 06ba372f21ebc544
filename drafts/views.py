"""Saving what is typed, and the person's own list of it."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.http import SignedInRequest, SignedInView, is_htmx
from drafts.http import answered
from drafts.models import Draft
from drafts.services import DraftError, DraftTakenError, drop_draft, move_words, save_draft


def texts_in(text: str) -> dict[str, list[str]]:
    """The posted JSON ``{name: [text]}``. Raises ValueError for anything else."""
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise ValueError(text[:40])
    for values in fields.values():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(text[:40])
    return fields


def next_url(request: SignedInRequest) -> str:
    """Where a form wants to go on; the list of drafts for anything but a page of ours."""
    url = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if safe else reverse("drafts:list")


class DraftsView(SignedInView):
    """Everything that the person typed and did not send."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it, the newest first."""
        context = {
            "drafts": Draft.objects.of(request.user).order_by("-updated_at"),
            "shell": "base.html" if request.user.is_agent else "portal_base.html",
        }
        return render(request, "drafts/list.html", context)


class CountView(SignedInView):
    """How many there are, for the person's menu."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """The number; nothing for none."""
        count = Draft.objects.of(request.user).count()
        return HttpResponse(str(count or ""), content_type="text/plain; charset=utf-8")


class SaveView(SignedInView):
    """Keeping what is being typed (static/js/drafts.js)."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Save ``fields`` under ``key``, for the person who typed them and for nobody else."""
        if request.POST.get("person") != str(request.user.pk):
            return JsonResponse({}, status=409)
        sent: dict[str, Any] = {name: request.POST.get(name, "") for name in ("key", "title", "url")}
        try:
            fields = texts_in(request.POST.get("fields", ""))
            names = request.POST.get("texts", "").split()
            seen = request.POST.get("seen")
            draft = save_draft(
                user=request.user, fields=fields, text_names=names, now=timezone.now(), seen=seen, **sent
            )
        except DraftTakenError:
            return JsonResponse({}, status=412)
        except DraftError:
            return JsonResponse({}, status=413)
        except ValueError:
            return JsonResponse({}, status=400)
        at = timezone.localtime(draft.updated_at).strftime("%H:%M") if draft else ""
        return JsonResponse({"at": at, "seen": draft.updated_at.isoformat() if draft else ""})


class DiscardView(SignedInView):
    """Dropping one of them."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Forget it and go back to where the button stood."""
        key = request.POST.get("discard") or request.GET.get("discard", "")
        drop_draft(user=request.user, key=key)
        url = next_url(request)
        if is_htmx(request):
            return answered(HttpResponse(status=204, headers={"HX-Redirect": url.partition("#")[0]}), key)
        return answered(redirect(url), key)


class MoveView(SignedInView):
    """Putting what cannot be sent any more into another form."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Add the words of ``key`` to the draft ``to``; go to where that form stands."""
        given = {name: request.POST.get(name, "") for name in ("key", "to", "title")}
        url = next_url(request)
        move_words(user=request.user, url=url.partition("#")[0], now=timezone.now(), **given)
        return answered(redirect(url), given["key"])
