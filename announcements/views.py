"""Pages of announcements: what is said, writing it, putting it away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.models import User
from announcements import services
from announcements.forms import AnnouncementForm
from announcements.models import Announcement
from announcements.queries import listed, standings_of
from announcements.rules import may_announce
from drafts.http import answered
from records import views as records_views
from records.actions import perform
from records.errors import ActionConflict, ActionInvalid, RecordChanged
from records.queries import lines_of
from tickets.workspace.drafting import Slot, forget, keep, restore


def find(user: User, pk: int) -> Announcement:
    """The announcement that ``user`` may write. Raises Http404, PermissionDenied."""
    if not may_announce(user):
        raise PermissionDenied
    found = Announcement.objects.kept().filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


class ListView(SignedInView):
    """What was said to the person; for those who write, drafts too."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it, by standing."""
        now, writes = timezone.now(), may_announce(request.user)
        found = listed(writes=writes, visible=Announcement.objects.visible_to(request.user))
        shell = "base.html" if request.user.is_agent else "portal_base.html"
        context = {"sections": standings_of(found, request.user, now, writes=writes), "writes": writes, "shell": shell}
        return render(request, "announcements/list.html", context)


class NewView(SignedInView):
    """Writing a new one."""

    goes_on_here = True

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the form."""
        if not may_announce(request.user):
            raise PermissionDenied
        return draw_restored(request, AnnouncementForm(record=Announcement(), user=request.user))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Store it as a draft, or publish it at once."""
        if not may_announce(request.user):
            raise PermissionDenied
        return store(request, Announcement(), "write")


class EditView(SignedInView):
    """Changing one. Those who put it away read it again."""

    goes_on_here = True

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show the form."""
        announcement = find(request.user, pk)
        return draw_restored(request, AnnouncementForm(record=announcement, user=request.user))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Store it."""
        announcement = find(request.user, pk)
        return store(request, announcement, "edit")


def store(request: SignedInRequest, announcement: Announcement, step: str) -> HttpResponse:
    """Take ``step``, publish when asked to, say so; or draw the form with its errors, and nothing has happened."""
    slot, now = slot_of(request, announcement).sent(request), timezone.now()
    try:
        with transaction.atomic():
            done = _taken(request, announcement, step, now)
    except ActionInvalid as error:
        return _refused(request, error.form, slot, now, status=422)
    except (ActionConflict, RecordChanged) as error:
        stored = Announcement.objects.filter(pk=announcement.pk).first() or Announcement()
        form = AnnouncementForm(request.POST, record=stored, user=request.user)
        if isinstance(error, ActionConflict):
            form.add_error("shown_until", str(error.message))
        else:
            form.add_error(None, str(error.message) + " " + _("Save again to replace it."))
        return _refused(request, form, slot, now, status=409)
    forget(request.user, slot)
    messages.success(request, said(done, now))
    return answered(redirect("announcements:list"), slot.key)


def _taken(request: SignedInRequest, announcement: Announcement, step: str, now: datetime) -> Announcement:
    sent: dict[str, Any] = {"user": request.user, "now": now}
    entry: Any = perform(announcement, step, data=request.POST, version=records_views.sent_version(request), **sent)
    if "publish" in request.POST:
        entry = perform(entry.record, "publish", **sent)
    return entry.record


def _refused(request: SignedInRequest, form: Any, slot: Slot, now: datetime, *, status: int) -> HttpResponse:
    """The form as it was typed, with what is wrong."""
    slot = keep(request.user, slot, request.POST, now)
    return answered(draw(request, form, slot, status=status), slot.key)


def slot_of(request: SignedInRequest, announcement: Announcement) -> Slot:
    """Where is kept what is typed and not sent."""
    return Slot(f"announcements/{announcement.pk or 'new'}", _("Announcement"), request.path)


def said(announcement: Announcement, now: datetime) -> str:
    """What became of it."""
    texts = {
        "draft": _("Kept as a draft."),
        "coming": _("Published; it is shown from its time on."),
        "shown": _("Published: those affected read it now."),
        "ended": _("Ended: nobody is shown it any more."),
        "discarded": _("The draft is gone."),
    }
    return texts[announcement.standing(now)]


def draw_restored(request: SignedInRequest, form: AnnouncementForm) -> HttpResponse:
    """The form with what was typed before."""
    return draw(request, form, restore(form, request, slot_of(request, form.instance))[0])


def draw(request: SignedInRequest, form: AnnouncementForm, slot: Slot, status: int = 200) -> HttpResponse:
    """The form with its preview."""
    announcement = form.instance if form.instance.pk else None
    context = {
        "form": form,
        "draft": slot,
        "announcement": announcement,
        "standing": announcement.standing(timezone.now()) if announcement else "draft",
        "previews": previews_of(form.instance),
        "lines": lines_of(announcement) if announcement else [],
    }
    return render(request, "announcements/edit.html", context, status=status)


def previews_of(announcement: Announcement) -> list[dict[str, Any]]:
    """The announcement in each language, as its readers see it."""
    found = []
    for code, name in (("zh-hans", "中文"), ("en", "English")):
        text = announcement.text_zh if code == "zh-hans" else announcement.text_en
        with translation.override(code):
            kind = str(announcement.get_kind_display())
            read = {"kind": kind, "text": announcement.text, "missing": not text and bool(announcement.text)}
        found.append({"code": code, "name": name, **read})
    return found


class PreviewView(SignedInView):
    """Both languages of what is being typed."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Show the fragment; nothing is stored."""
        if not may_announce(request.user):
            raise PermissionDenied
        form = AnnouncementForm(request.POST, record=Announcement(), user=request.user)
        form.is_valid()
        typed = {name: form.cleaned_data.get(name) for name in ("kind", "text_zh", "text_en", "starts_at", "ends_at")}
        announcement = Announcement(**{name: value for name, value in typed.items() if value})
        context = {"previews": previews_of(announcement), "announcement": announcement}
        return render(request, "announcements/_preview.html", context)


class StepView(records_views.StepView):
    """Publishing, ending, discarding."""

    model = Announcement
    back = "announcements:list"

    def post(self, request: SignedInRequest, pk: int, step: str) -> HttpResponse:
        """Who only reads takes no step, and learns of no draft."""
        find(request.user, pk)
        return super().post(request, pk, step)

    def said(self, entry: Any) -> str:
        """What became of it."""
        return said(entry.record, timezone.now())


class DismissView(SignedInView):
    """Putting one away for oneself."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Remember it; what is told next comes in its place."""
        found = Announcement.objects.visible_to(request.user).filter(pk=pk).first()
        if found is None:
            raise Http404
        services.dismiss(announcement=found, user=request.user, now=timezone.now())
        if is_htmx(request):
            place = "strip" if request.headers.get("HX-Target") == "strip" else "bands"
            return render(request, f"announcements/_{place}.html")
        return redirect("tickets:home")
