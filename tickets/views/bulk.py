"""One action on many tickets, and taking back one's last step, from pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access.epochs import salt_of
from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.models import User
from drafts.http import answered
from drafts.models import FORM_ID
from tickets import clock
from tickets.errors import ActionError
from tickets.forms import ActionForm
from tickets.lifecycle import Action, kinds
from tickets.models import Ticket, TimelineEntry
from tickets.queues.listing import Listing
from tickets.views.actions import go_to
from tickets.views.queue_tools import StaffView, back_to, list_of
from tickets.views.undoing import entries_of, undo_address
from tickets.workspace import drafting
from tickets.workspace.bulk import LIMIT, Choice, Wanted, asked_data, bulk_form, choices_for, perform_bulk, tickets_of
from tickets.workspace.undo import undo_step

#: Seconds that one request works; what is left goes on in the next one, with progress between.
BUDGET = 4.0


def within(seconds: float) -> Callable[[], bool]:
    """Says yes for ``seconds``."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


class BulkView(StaffView):
    """Ticked tickets: what can be done with them, the form asked once, the result."""

    in_parts = True

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Offer actions; ask the form of the chosen one; do it; go on with what is left."""
        wanted = self._wanted(request)
        if wanted is None:
            return self._draw("tickets/_bulk_refused.html", {"limit": LIMIT}, status=422)
        name = request.POST.get("action", "")
        tickets = list(tickets_of([one.number for one in wanted], request.user).values())
        choices = choices_for(tickets, request.user)
        choice = next((choice for choice in choices if choice.action.name == name), None)
        context = {"wanted": wanted, "choices": choices, "numbers": numbers_text(wanted), **self._from(request)}
        if choice is None and "results" not in request.POST:
            context["raised"] = raised_from(tickets, request.user)
            if name:
                context["message"] = _("None of these tickets allows this now.")
            return self._draw("tickets/_bulk_choose.html", context)
        if "go" in request.POST or (choice and not choice.action.asks):
            return self._do(request, wanted, name, choice.action if choice else None, context)
        assert choice is not None  # noqa: S101 - otherwise there were results
        form = bulk_form(choice.action, choice.tickets[0], request.user)
        slot, _draft = drafting.restore(form, request, drafting.bulk_slot(choice.action))
        return self._draw("tickets/_bulk_form.html", {**context, "form": form, "choice": choice, "draft": slot})

    def _wanted(self, request: SignedInRequest) -> list[Wanted] | None:
        """The ticked tickets, or all of the list; None when there are too many."""
        if request.POST.get("all"):
            _url, kind, query = list_of(request, request.POST)
            listing = Listing(query, user=request.user, now=clock.now(), kind=kind)
            found = list(listing.rows.values_list("number", flat=True)[: LIMIT + 1])
            return None if len(found) > LIMIT else [Wanted(number) for number in found]
        ticked = [*request.POST.get("numbers", "").split(), *request.POST.getlist("ticket")]
        return None if len(ticked) > LIMIT else [Wanted.parse(text) for text in dict.fromkeys(ticked)]

    def _from(self, request: SignedInRequest) -> dict[str, Any]:
        """The list that the tickets were ticked in."""
        return {"of": request.POST.get("of", ""), "query": request.POST.get("query", "")}

    def _do(
        self, request: SignedInRequest, wanted: list[Wanted], name: str, action: Action | None, context: dict[str, Any]
    ) -> HttpResponse:
        data = given(request.POST)
        choice = next((one for one in context["choices"] if one.action is action), None)
        if choice and action and action.asks and "results" not in request.POST:
            form = checked_once(choice, request.user, data)
            slot = drafting.bulk_slot(action).sent(request)
            if form is not None:
                slot = drafting.keep(request.user, slot, data, clock.now())
                context |= {"form": form, "choice": choice, "draft": slot}
                return answered(self._draw("tickets/_bulk_form.html", context, status=422), slot.key)
            drafting.forget(request.user, slot)
        before = _read(request.POST.get("results", ""))
        outcomes, left = perform_bulk(wanted, name, user=request.user, data=data, may_go_on=within(BUDGET))
        results = before + [_kept(outcome) for outcome in outcomes]
        if left:
            return self._draw("tickets/_bulk_progress.html", self._progress(request, name, results, left, data))
        return self._result(request, name, results)

    def _progress(
        self, request: SignedInRequest, name: str, results: list[Any], left: list[Wanted], data: QueryDict
    ) -> dict[str, Any]:
        return {
            "action": name,
            "numbers": numbers_text(left),
            "results": signing.dumps(results, salt=salt_of("bulk"), compress=True),
            "data": [(field, value) for field, values in data.lists() for value in values],
            "done": len(results),
            "total": len(results) + len(left),
            **self._from(request),
        }

    def _result(self, request: SignedInRequest, name: str, results: list[Any]) -> HttpResponse:
        refused = [{"number": n, "summary": s, "reason": r} for n, s, entry, r in results if entry is None]
        entries = [entry for _number, _summary, entry, _reason in results if entry is not None]
        label = label_of(name, [number for number, *_rest in results], request)
        if entries:
            text = ngettext(
                "Done: %(action)s, %(count)d ticket.", "Done: %(action)s, %(count)d tickets.", len(entries)
            )
            messages.success(request, text % {"action": label, "count": len(entries)}, extra_tags=self._undo(entries))
        if not refused:
            url = f"{request.POST.get('of') or reverse('tickets:queue')}?{request.POST.get('query', '')}"
            return back_to(request, url.rstrip("?"))
        tickets = tickets_of([line["number"] for line in refused], request.user)
        wanted = [Wanted(number) for number in tickets]
        context = {
            "label": label,
            "done": len(entries),
            "refused": refused,
            "choices": choices_for(tickets.values(), request.user),
            "numbers": numbers_text(wanted),
            **self._from(request),
        }
        return self._draw("tickets/_bulk_result.html", context)

    def _undo(self, entries: list[int]) -> str:
        """The address that takes all of it back, when the first one can be taken back."""
        visible = Ticket.objects.visible_to(self.request.user)
        found = TimelineEntry.objects.filter(pk__in=entries[:1], ticket__in=visible).select_related("ticket")
        return undo_address(self.request, found[0], entries) if found else ""

    def _draw(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        if is_htmx(self.request):
            return render(self.request, template, context, status=status)
        return render(self.request, "tickets/bulk.html", {**context, "part": template}, status=status)


def raised_from(tickets: list[Ticket], user: User) -> list[dict[str, str]]:
    """What ``user`` may raise from all of ``tickets`` together, such as one problem from many incidents."""
    codes = {ticket.kind for ticket in tickets}
    offered = []
    for kind in kinds():
        action = kind.register_action
        if action is None or codes != {kind.raised_from} or not kind.may_be_registered_by(user):
            continue
        numbers = ",".join(ticket.number for ticket in tickets)
        url = f"{reverse('tickets:register', args=[kind.slug])}?from={numbers}"
        offered.append({"label": str(action.label), "icon": kind.icon, "url": url})
    return offered


def checked_once(choice: Choice, user: User, data: QueryDict) -> ActionForm | None:
    """The form with its errors when something that every ticket needs is missing; else None: each ticket checks it."""
    action = choice.action
    form = bulk_form(action, choice.tickets[0], user, asked_data(action, data))
    if isinstance(action.bulk, tuple) and not any(data.get(name) for name in action.bulk):
        form.add_error(None, _("Choose what to change."))
        return form
    missing = [name for name in form.errors if name in form.fields and not data.get(name)]
    return form if missing else None


def given(posted: QueryDict) -> QueryDict:
    """What was typed into the action's form."""
    data = posted.copy()
    for name in ("csrfmiddlewaretoken", "numbers", "ticket", "action", "go", "of", "query", "all", "results", FORM_ID):
        data.pop(name, None)
    return data


def numbers_text(wanted: list[Wanted]) -> str:
    """The tickets in one field: so many fields a request does not take."""
    return " ".join(f"{one.number}@{one.version}" if one.version else one.number for one in wanted)


def label_of(name: str, numbers: list[str], request: SignedInRequest) -> str:
    """What the action is called for the first ticket that has it."""
    found = tickets_of(numbers[:1], request.user)
    actions = next((ticket.kind_info.actions for ticket in found.values() if name in ticket.kind_info.actions), {})
    return str(actions[name].label) if name in actions else name


def _kept(outcome: Any) -> list[Any]:
    return [outcome.number, outcome.summary, outcome.entry.pk if outcome.entry else None, outcome.reason]


def _read(text: str) -> list[Any]:
    """What was done before, as this portal wrote it."""
    try:
        return signing.loads(text, salt=salt_of("bulk"), max_age=3600) if text else []
    except signing.BadSignature as error:
        raise Http404 from error


class UndoView(SignedInView):
    """Taking back one's own last step, or the steps of one bulk action."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Take back what can be; say what could not, and why."""
        keys = entries_of(request)
        seen = Ticket.objects.visible_to(request.user)
        entries = TimelineEntry.objects.filter(pk__in=keys, actor=request.user, ticket__in=seen).select_related(
            "ticket"
        )
        done, reasons, now = 0, [], clock.now()
        for entry in entries.order_by("ticket_id"):
            try:
                undo_step(entry, user=request.user, now=now)
                done += 1
            except ActionError as error:
                reasons.append(f"{entry.ticket.number}: {error.message}")
        self._say(request, done, reasons)
        return self._back(request, [entry.ticket for entry in entries])

    def _say(self, request: SignedInRequest, done: int, reasons: list[str]) -> None:
        if done:
            text = ngettext("Taken back.", "Taken back: %(count)d tickets.", done)
            messages.success(request, text % {"count": done} if done > 1 else text)
        if reasons:
            messages.warning(request, " ".join(reasons[:5]))

    def _back(self, request: SignedInRequest, tickets: list[Ticket]) -> HttpResponse:
        if len(tickets) == 1 and Ticket.objects.visible_to(request.user).filter(pk=tickets[0].pk).exists():
            return go_to(request, tickets[0].get_absolute_url())
        url = request.headers.get("HX-Current-URL") or reverse("tickets:queue")
        return go_to(request, url) if is_htmx(request) else redirect("tickets:queue")
