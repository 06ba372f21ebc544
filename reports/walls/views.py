"""Pages of the live board and of wall displays."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import View

from accounts.http import SignedInRequest, is_htmx
from accounts.models import SupportGroup
from itsm.web.filtering import MINE, NONE
from reports.models import WallDisplay
from reports.views import ReportsView
from reports.walls.displays import DisplayForm, find_display, make_display, revoke_display
from reports.walls.live import ASKED_EVERY, shared
from tickets import clock
from tickets.queues.finding import find_ticket
from tickets.queues.limits import chip_of
from tickets.workspace.pages import buttons_of

#: How often a screen asks, in milliseconds.
EVERY = int(ASKED_EVERY * 1000)


class LiveView(ReportsView):
    """The live board."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it; it asks for itself again every few seconds."""
        return render(request, "reports/live.html", _context(request, fresh=True))


class LiveNowView(ReportsView):
    """What the live board shows now."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """The part that changes."""
        return render(request, "reports/_live.html", _context(request))


class LiveActionsView(ReportsView):
    """What the reader may do with a ticket on the board, over it: the ticket's own actions, by its own rules."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show them; without scripts the ticket's page has them."""
        ticket = find_ticket(request.user, number)
        if not is_htmx(request):
            return redirect(ticket)
        context = {"ticket": ticket, "actions": buttons_of(ticket, request.user), "chip": chip_of(ticket, clock.now())}
        return render(request, "reports/_live_actions.html", context)


def _context(request: SignedInRequest, *, fresh: bool = False) -> dict[str, Any]:
    asked = set(request.GET.getlist("group")) - {""}
    groups = sorted(
        {*SupportGroup.objects.filter(code__in=asked).values_list("code", flat=True), *asked & {MINE, NONE}}
    )
    query = "?" + urlencode({"group": groups}, doseq=True) if groups else ""
    return {
        "look": shared.get(request.user, groups, clock.now, fresh=fresh),
        "errors": [_unknown(code, reverse("reports:live") + query) for code in sorted(asked.difference(groups))],
        "now_url": reverse("reports:live_now") + query,
        "linked": True,
        "every": EVERY,
    }


def _unknown(code: str, url: str) -> dict[str, str]:
    """That an address names no group; without it, the board is at ``url``."""
    message = _("There is no group of the code “%(code)s”.") % {"code": code[:100]}
    return {"label": _("Group"), "message": message, "remove_url": url}


class DisplaysView(ReportsView):
    """The own wall displays; a post makes one, and its link is shown once."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        return self._draw(DisplayForm())

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Make one."""
        form = DisplayForm(request.POST)
        if not form.is_valid():
            return self._draw(form, status=422)
        _display, key = make_display(form=form, owner=request.user, now=clock.now())
        link = request.build_absolute_uri(reverse("reports:wall", args=[key]))
        return self._draw(DisplayForm(), link=link)

    def _draw(self, form: DisplayForm, status: int = 200, link: str = "") -> HttpResponse:
        found = WallDisplay.objects.filter(owner=self.request.user).prefetch_related("groups")
        context = {"form": form, "displays": found, "link": link}
        return render(self.request, "reports/displays.html", context, status=status)


class RevokeDisplayView(ReportsView):
    """Ending the link of one of the own displays."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """End it now."""
        display = get_object_or_404(WallDisplay, pk=pk, owner=request.user)
        revoke_display(display=display, now=clock.now())
        messages.success(request, _("The link of “%(name)s” is revoked.") % {"name": display.name})
        return redirect("reports:displays")


class WallView(View):
    """The live board on a screen: opened by its link, read only, without links."""

    part = "reports/wall.html"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show it in the language of whose link it is; 404 for a link that was revoked or never was."""
        display = find_display(key, clock.now())
        if display is None:
            raise Http404
        translation.activate(display.owner.language or translation.get_language() or "zh-hans")
        groups = sorted(group.code for group in display.groups.all())
        context = {
            "look": shared.get(display.owner, groups, clock.now),
            "display": display,
            "now_url": reverse("reports:wall_now", args=[key]),
            "linked": False,
            "every": EVERY,
            "theme": "dark",
        }
        return render(request, self.part, context)


class WallNowView(WallView):
    """What the screen shows now."""

    part = "reports/_live.html"
