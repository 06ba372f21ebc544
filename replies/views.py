"""Pages of canned replies and templates: using them while writing, keeping them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from drafts.http import answered
from replies.forms import FORMS, SharedForm
from replies.models import CannedReply, Shared, TicketTemplate
from replies.rules import may_keep, may_use
from replies.services import place_of, text_of, use_reply
from replies.variables import OF_TICKET, OF_WRITER, described, fill_in
from tickets.lifecycle import kinds
from tickets.models import Ticket
from tickets.workspace.drafting import Slot, forget, keep, restore

SHOWN = 30
#: Parts of addresses.
MODELS: dict[str, type[Shared]] = {"canned": CannedReply, "templates": TicketTemplate}


class StaffView(SignedInView):
    """For those who may use them."""

    def dispatch(self, request: SignedInRequest, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Refuse everybody else."""
        if request.user.is_authenticated and not may_use(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class FindRepliesView(StaffView):
    """Texts for the menu that opens while writing (static/js/canned.js)."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer ``{results: [{value, code, text, detail}]}``: what fits the field, best known first."""
        place = asked_place(request)
        found = CannedReply.objects.usable_by(request.user).matching(request.GET.get("q", "")[:100])
        ticket, now = asked_ticket(request), timezone.now()
        fitting = [reply for reply in found.order_by("-used_count", "code") if not reply.fits or place in reply.fits]
        results = [
            {
                "value": reply.pk,
                "code": reply.code,
                "text": reply.name,
                "detail": text_of(reply, user=request.user, place=place, now=now, ticket=ticket)[:200],
            }
            for reply in fitting[:SHOWN]
        ]
        return JsonResponse({"results": results})


def asked_place(request: SignedInRequest) -> str:
    """Which texts fit what is being written."""
    given = request.GET if request.method == "GET" else request.POST
    return place_of(given.get("form", ""), given.get("field", ""), given.get("visibility", ""))


def asked_ticket(request: SignedInRequest) -> Ticket | None:
    """The ticket whose form is being written, when the person sees it."""
    given = request.GET if request.method == "GET" else request.POST
    number = given.get("form", "").partition("/")[0]
    related = ("requester", "organisation", "business_system", "group", "assignee")
    return Ticket.objects.visible_to(request.user).select_related(*related).filter(number=number).first()


class UseReplyView(StaffView):
    """One text, filled in."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Answer ``{text}`` in the language of who reads it."""
        reply = get_object_or_404(CannedReply.objects.usable_by(request.user), pk=pk)
        place, ticket = asked_place(request), asked_ticket(request)
        text = use_reply(reply, user=request.user, place=place, ticket=ticket, now=timezone.now())
        return JsonResponse({"text": text})


class PickTemplateView(StaffView):
    """Templates to start a new ticket from."""

    def get(self, request: SignedInRequest, kind: str) -> HttpResponse:
        """Show those that match what is typed."""
        found = next((one for one in kinds() if one.slug == kind), None)
        if found is None:
            raise Http404
        usable = TicketTemplate.objects.usable_by(request.user).filter(kind=found.code)
        templates = usable.matching(request.GET.get("q", "")[:100]).order_by("code")[:SHOWN]
        context = {"templates": templates, "url": reverse("tickets:register", args=[kind])}
        return render(request, "replies/_pick.html", context)


class ListView(StaffView):
    """What the person may use, and keep."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show canned replies and templates, whose they are, how often they are used."""
        sections = [
            {"part": part, "label": model._meta.verbose_name_plural, "rows": self._rows(model)}
            for part, model in MODELS.items()
        ]
        return render(request, "replies/list.html", {"sections": sections})

    def _rows(self, model: type[Shared]) -> list[dict[str, Any]]:
        user = self.request.user
        found = model.objects.visible_to(user).select_related("team").order_by("-active", "code", "pk")
        return [{"item": item, "keeps": may_keep(item, user)} for item in found]


class KeepView(StaffView):
    """Base of making and changing one."""

    goes_on_here: ClassVar[bool] = True

    def model(self, part: str) -> type[Shared]:
        """What the address is about."""
        if part not in MODELS:
            raise Http404
        return MODELS[part]

    def find(self, part: str, pk: int) -> Shared:
        """The one that the person keeps. Raises Http404, PermissionDenied."""
        found = self.model(part).objects.visible_to(self.request.user)
        item = get_object_or_404(found.select_related("team"), pk=pk)
        if not may_keep(item, self.request.user):
            raise PermissionDenied
        return item

    def slot(self, part: str, item: Shared) -> Slot:
        """Where is kept what is typed here."""
        title = item.name if item.pk else _("New canned reply") if part == "canned" else _("New ticket template")
        return Slot(f"{part}/{item.pk or 'new'}", title, self.request.path)

    def show(self, part: str, form: SharedForm) -> HttpResponse:
        """The form, with what was typed and not sent."""
        return self.draw(part, form, restore(form, self.request, self.slot(part, form.instance))[0])

    def draw(self, part: str, form: SharedForm, slot: Slot, status: int = 200) -> HttpResponse:
        """The form with the list of variables."""
        lists = (OF_TICKET, OF_WRITER) if part == "canned" else (OF_WRITER,)
        context = {"form": form, "draft": slot, "part": part, "item": form.instance, "variables": described(*lists)}
        return render(self.request, "replies/edit.html", context, status=status)

    def store(self, part: str, form: SharedForm) -> HttpResponse:
        """Save it, or show what is wrong."""
        slot, user = self.slot(part, form.instance).sent(self.request), self.request.user
        if not form.is_valid():
            slot = keep(user, slot, self.request.POST, timezone.now())
            return answered(self.draw(part, form, slot, status=422), slot.key)
        form.save()
        forget(user, slot)
        messages.success(self.request, _("“%(name)s” is saved.") % {"name": form.instance.name})
        return answered(redirect("replies:list"), slot.key)


class NewView(KeepView):
    """Making one."""

    def get(self, request: SignedInRequest, part: str) -> HttpResponse:
        """Show the form."""
        return self.show(part, FORMS[self.model(part)](user=request.user, initial={"active": True}))

    def post(self, request: SignedInRequest, part: str) -> HttpResponse:
        """Store it."""
        return self.store(part, FORMS[self.model(part)](request.POST, user=request.user))


class EditView(KeepView):
    """Changing one."""

    def get(self, request: SignedInRequest, part: str, pk: int) -> HttpResponse:
        """Show the form."""
        item = self.find(part, pk)
        return self.show(part, FORMS[type(item)](instance=item, user=request.user))

    def post(self, request: SignedInRequest, part: str, pk: int) -> HttpResponse:
        """Store it."""
        item = self.find(part, pk)
        return self.store(part, FORMS[type(item)](request.POST, instance=item, user=request.user))


class RemoveView(KeepView):
    """Removing one. What was written with it stays."""

    goes_on_here = False

    def post(self, request: SignedInRequest, part: str, pk: int) -> HttpResponse:
        """Remove it."""
        item = self.find(part, pk)
        item.delete()
        messages.success(request, _("“%(name)s” is removed.") % {"name": item.name})
        return redirect("replies:list")


class PreviewView(StaffView):
    """What a text will read like, with made-up values for what a ticket fills in."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Show the typed texts, filled in."""
        made_up = {name: str(meaning) for name, (meaning, _fill) in OF_TICKET.items()} | {"number": "IM261122000017"}
        texts = []
        for name in ("text_zh", "text_en", "summary", "description"):
            text = request.POST.get(name, "")[:10_000]
            for variable, value in made_up.items():
                text = text.replace(f"{{{variable}}}", f"«{value}»" if variable != "number" else value)
            texts.append(fill_in(text, user=request.user, now=timezone.now()))
        return render(request, "replies/_preview.html", {"texts": [text for text in texts if text.strip()]})
