"""Pages of the change calendar: the calendar itself, its links for calendar programs, free windows of a change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views import View

from accounts.http import SignedInRequest, SignedInView
from accounts.limits import take_from_bucket
from accounts.models import User
from changes.models import CalendarFeed, Change
from changes.panels import collision_part
from changes.schedule.calendar import CalendarForm, calendar_of, hours
from changes.schedule.feeds import A_MINUTE, FeedForm, feed_text, find_feed, make_feed, revoke_feed, with_filters
from changes.schedule.slots import free_slots
from tickets import clock
from tickets.actions import available_actions, perform
from tickets.errors import ActionError, ActionInvalid
from tickets.workspace.pages import button_of

DONE = 200


class CalendarView(SignedInView):
    """The change calendar by month, week and day, with lanes and its list twin."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show what the address asks for; what it says wrongly is named, and left out."""
        check_reads(request)
        now = clock.now()
        form = CalendarForm(request.GET.dict(), user=request.user, today=timezone.localtime(now).date())
        calendar = calendar_of(form, request.user, now)
        context = {"calendar": calendar, "form": form, "hours": hours(), "feeds_query": form.address()}
        return render(request, "changes/calendar.html", context)


class FeedsView(SignedInView):
    """The own links for calendar programs; a post makes one, and its address is shown once."""

    goes_on_here = True

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them; the address may name filters for a new one."""
        check_reads(request)
        return self._draw(FeedForm(owner=request.user, initial={"query": request.GET.urlencode()[:300]}))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Make one."""
        check_reads(request)
        form = FeedForm(request.POST, owner=request.user)
        if not form.is_valid():
            return self._draw(form, status=422)
        _feed, key = make_feed(form=form, now=clock.now())
        link = request.build_absolute_uri(reverse("changes:feed", args=[key]))
        return self._draw(FeedForm(owner=request.user), link=link)

    def _draw(self, form: FeedForm, status: int = 200, link: str = "") -> HttpResponse:
        feeds = CalendarFeed.objects.filter(owner=self.request.user)
        context = {"form": form, "feeds": with_filters(feeds), "link": link}
        return render(self.request, "changes/feeds.html", context, status=status)


class RevokeFeedView(SignedInView):
    """Ending one of the own links."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """End it now."""
        feed = get_object_or_404(CalendarFeed, pk=pk, owner=request.user)
        revoke_feed(feed=feed, now=clock.now())
        messages.success(request, _("The link of “%(name)s” is revoked.") % {"name": feed.name})
        return redirect("changes:feeds")


class FeedView(View):
    """The calendar as calendar programs read it: opened by its link, read only."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """The feed in its owner's language and zone; 404 for a link that was revoked or never was."""
        feed = find_feed(key, clock.now())
        if feed is None:
            raise Http404
        wait = take_from_bucket(f"calendar:{feed.pk}", A_MINUTE)
        if wait is not None:
            return HttpResponse(status=429, headers={"Retry-After": str(wait)})
        site = request.build_absolute_uri("/").rstrip("/")
        with translation.override(feed.owner.language or translation.get_language() or "zh-hans"):
            text = feed_text(feed, clock.now(), site)
        headers = {"Content-Disposition": 'inline; filename="changes.ics"', "Referrer-Policy": "no-referrer"}
        return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


class SlotsView(SignedInView):
    """The next free windows of a change; a post moves it into one."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show them."""
        return self._draw(find_change(request, number))

    def post(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Move it, as far as the person may edit it; what would fall is said, and nothing changes then."""
        change = find_change(request, number)
        typed = typed_window(request)
        errors, status = move(change, request.user, typed)
        if status != DONE:
            return self._draw(change, errors, typed, status=status)
        messages.success(request, _("It is planned in another window."))
        return redirect(change.get_absolute_url())

    def _draw(
        self, change: Change, errors: Any = None, typed: dict[str, str] | None = None, status: int = 200
    ) -> HttpResponse:
        now = clock.now()
        may = any(item.action.name == "edit" and item.enabled for item in available_actions(change, self.request.user))
        said = [str(text) for texts in (errors or {}).values() for text in texts]
        asks = bool(errors) and "let_approvals_fall" in errors
        context = {"change": change, "slots": free_slots(change, now), "may": may, "errors": said, "asks": asks}
        return render(self.request, "changes/slots.html", {**context, "typed": typed or {}}, status=status)


class CollisionsView(SignedInView):
    """What a change of very many items collides with: asked for once its page stands."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """The part of its page, alone; without scripts the page itself would wait."""
        change = find_change(request, number)
        available = available_actions(change, request.user)
        buttons = {item.action.name: button_of(item.action, change) for item in available if item.enabled}
        context = {"part": collision_part(change, buttons, clock.now(), None, shown=None), "change": change}
        if request.headers.get("HX-Request"):
            return render(request, "changes/_collisions.html", context)
        return render(request, "changes/collisions.html", context)


def typed_window(request: SignedInRequest) -> dict[str, str]:
    """The window that was sent, and whether approvals may fall."""
    return {name: request.POST.get(name, "") for name in ("planned_start", "planned_end", "let_approvals_fall")}


def move(change: Change, user: User, typed: dict[str, str]) -> tuple[Any, int]:
    """Plan it in another window: (what stands against it by field, status); nothing changes unless it is ``DONE``.

    ``typed`` may name the ``group`` that implements it then, too; whoever it was handed to is another group's.
    """
    said = {name: value for name, value in typed.items() if value}
    group, falls = said.pop("group", ""), said.get("let_approvals_fall", "")
    try:
        with transaction.atomic():
            moved = perform(change, "edit", user=user, data=said).ticket
            if group:
                data = {"group": group, "assignee": "", "let_approvals_fall": falls}
                perform(moved, "choose_implementers", user=user, data=data)
    except ActionInvalid as error:
        return error.form.errors, 422
    except ActionError as error:
        return {"": [str(error.message)]}, 409
    return {}, DONE


def check_reads(request: SignedInRequest) -> None:
    """Raise PermissionDenied for those who see no calendar of changes."""
    if not request.user.is_agent:
        raise PermissionDenied


def find_change(request: SignedInRequest, number: str) -> Change:
    """The change, for staff who see it. Raises PermissionDenied, Http404."""
    check_reads(request)
    found: Any = Change.objects.visible_to(request.user).filter(number=number).first()
    if found is None:
        raise Http404
    return found
