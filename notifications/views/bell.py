"""The bell: what a person was told, reading it, acknowledging what is urgent; and what was told about a ticket."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.models import User
from accounts.permissions import Permission
from notifications import services
from notifications.models import Delivery
from notifications.queries import (
    COUNT_CAP,
    bell_rows,
    grouped,
    lines_of,
    path_of,
    same_ticket,
    told_about,
    unread_count,
)
from tickets import clock
from tickets.queues.finding import find_ticket

PAGE, LATEST = 50, 8
#: So many rows are read for the bell's menu: of a ticket that is spoken of much, one line is left.
READ = 40
#: Beyond so many urgent notices nobody counts.
PRESSING_CAP = 100


def shell_of(user: User) -> str:
    """The page that the person's pages stand in."""
    return "base.html" if user.is_agent else "portal_base.html"


def bell_context(user: User) -> dict[str, Any]:
    """What the bell shows: how many are unread, how many urgent ones wait for an answer, and the newest of these."""
    unread, pressing = unread_count(user), bell_rows(user).pressing() if user.is_agent else Delivery.objects.none()
    urgent = pressing[: PRESSING_CAP + 2].count()
    return {
        "unread": f"{COUNT_CAP}+" if unread > COUNT_CAP else unread,
        "pressing": next(iter(lines_of(pressing[:1])), None),
        "urgent": f"{PRESSING_CAP}+" if urgent > PRESSING_CAP else urgent,
        "others": f"{PRESSING_CAP}+" if urgent > PRESSING_CAP + 1 else max(urgent - 1, 0),
    }


class ListView(SignedInView):
    """Everything that the person was told, newest first."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show a page of it."""
        rows = bell_rows(request.user)
        only_unread = request.GET.get("unread") == "1"
        rows = rows.unread() if only_unread else rows
        before = request.GET.get("before", "")
        if before.isascii() and before.isdigit() and len(before) < 19:
            rows = rows.filter(pk__lt=int(before))
        page = list(rows[: PAGE + 1])
        context = {
            "lines": grouped(lines_of(page[:PAGE])),
            "older": page[PAGE - 1].pk if len(page) > PAGE else None,
            "only_unread": only_unread,
            "shell": shell_of(request.user),
        }
        return render(request, "notifications/list.html", context)


class LatestView(SignedInView):
    """The newest, for the bell's menu."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the fragment."""
        context = {"lines": grouped(lines_of(bell_rows(request.user)[:READ]))[:LATEST]}
        return render(request, "notifications/_latest.html", context)


class PressingView(SignedInView):
    """The bell's count, and above the page what is urgent until it is acknowledged."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the fragment; asked for by pages themselves."""
        return render(request, "notifications/_bell.html", bell_context(request.user))


class OpenView(SignedInView):
    """Following a notice."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Go where it leads. A GET changes nothing: the page that is reached is what was wanted."""
        found = Delivery.objects.visible_to(request.user).select_related("notice").filter(pk=pk).first()
        if found is None:
            raise Http404
        return redirect(path_of(found.notice))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Note that it was read, with what was told of the same ticket before, and go where it leads."""
        services.mark_read(user=request.user, now=clock.now(), pks=same_ticket(request.user, pk))
        return self.get(request, pk)


class ReadView(SignedInView):
    """All is read."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Note it."""
        services.mark_read(user=request.user, now=clock.now())
        return answered(request)


class AcknowledgeView(SignedInView):
    """The person takes note of urgent notices: one, or all."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Note it."""
        wanted = [int(pk) for pk in request.POST.getlist("notice") if pk.isascii() and pk.isdigit() and len(pk) < 19]
        everything = "notice" not in request.POST
        services.acknowledge(user=request.user, now=clock.now(), pks=None if everything else wanted)
        return answered(request)


def answered(request: SignedInRequest) -> HttpResponse:
    """The bell anew for a part of a page, else the list."""
    if is_htmx(request):
        return render(request, "notifications/_bell.html", bell_context(request.user))
    return redirect("notifications:list")


class OfTicketView(SignedInView):
    """Who was told what about a ticket, by which channel, when; for staff. Beside it, or as lines of its timeline."""

    template = "notifications/_of_ticket.html"

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show the fragment."""
        ticket = find_ticket(request.user, number)
        if not request.user.may(Permission.INTERNAL):
            raise PermissionDenied
        return render(request, self.template, {"told": told_about(ticket)})
