"""The engineer's own work, on a phone or beside the workspace (DESK-02)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import SignedInRequest, SignedInView, is_htmx
from tickets import clock
from tickets.workspace.my import MyPage


class MyView(SignedInView):
    """What waits for the person."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it; htmx gets the list alone, and nothing when it has seen it already (``seen``)."""
        if not request.user.is_agent:
            return redirect("tickets:portal")
        context = MyPage(request.user, request.GET.get("tab", ""), clock.now()).context()
        if not is_htmx(request):
            return render(request, "my/page.html", context)
        if request.GET.get("seen") == context["seen"]:
            return HttpResponse(status=204)
        return render(request, "my/_list.html", context)


def on_a_phone(request: SignedInRequest) -> bool:
    """Whether the browser says so: engineers start on their own page there."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    return hint == "?1" or (not hint and "Mobi" in request.headers.get("User-Agent", ""))
