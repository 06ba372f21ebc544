"""Pages of approvals: what waits for the person, one round, deciding, delegating."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.http import SignedInRequest, SignedInView, is_htmx
from approvals.beside import lines_beside
from approvals.decisions.deciding import decide, decide_many, may_decide
from approvals.delegation.delegating import delegate, delegations_of, end_delegation
from approvals.forms import DecisionForm, DelegationForm, ManyForm
from approvals.models import ApprovalRound, Delegation
from approvals.queries import concerns_of, decided_by, full, lines_to_decide, show
from approvals.rules import may_end_delegation
from tickets.errors import ActionError, ActionForbidden, ActionNotFound

SHOWN, DECIDED = 15, 50


def shell_of(request: SignedInRequest) -> str:
    """The page that the person knows: the workspace, or the portal."""
    return "base.html" if request.user.is_agent else "portal_base.html"


def draw_list(request: SignedInRequest, form: ManyForm, refused: Any = (), status: int = 200) -> HttpResponse:
    """What waits for the person."""
    now, user = timezone.now(), request.user
    standing_in = delegations_of(user, now)
    waiting, count = lines_to_decide(user, now, SHOWN)
    context = {
        "waiting": waiting,
        "count": count,
        "more": count - len(waiting),
        "beside": lines_beside(user),
        "delegations": [row for row in standing_in if row.person_id == user.pk],
        "stands_in_for": [row for row in standing_in if row.deputy_id == user.pk],
        "form": form,
        "refused": refused,
        "shell": shell_of(request),
    }
    return render(request, "approvals/list.html", context, status=status)


class ListView(SignedInView):
    """What waits for the person to decide; several may be decided at once."""

    goes_on_here = True

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it; nothing changes."""
        return draw_list(request, ManyForm(label_suffix=""))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Decide what was chosen: what may be done is done, the rest is listed with its reason."""
        form = ManyForm(request.POST, label_suffix="")
        if not form.is_valid():
            return draw_list(request, form, status=422)
        chosen = form.cleaned_data
        done, refused = decide_many(
            pks=chosen["rounds"], user=request.user, verdict=chosen["verdict"], reason=chosen["reason"]
        )
        if done:
            said = ngettext("%(count)d decided.", "%(count)d decided.", len(done))
            messages.success(request, said % {"count": len(done)})
        if refused:
            left = {**chosen, "rounds": [one.pk for one in refused]}
            return draw_list(request, ManyForm(initial=left, label_suffix=""), refused)
        return redirect("approvals:list")


class DecidedView(SignedInView):
    """What the person decided last."""

    goes_on_here = True

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it, inside the list of what waits or as a page."""
        context = {"decided": decided_by(request.user, DECIDED), "shell": shell_of(request)}
        return render(request, f"approvals/{'_' if is_htmx(request) else ''}decided.html", context)


def find(request: SignedInRequest, pk: int) -> ApprovalRound:
    """The round, for those who see its ticket or were asked. Raises Http404."""
    found = full(ApprovalRound.objects.visible_to(request.user)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def draw_round(
    request: SignedInRequest,
    made: ApprovalRound,
    form: DecisionForm | None = None,
    refusal: Any = "",
    status: int = 200,
) -> HttpResponse:
    """A round with its content, steps and decisions; the form for who may decide it."""
    waits = may_decide(made, request.user, timezone.now())
    concerns = concerns_of(made, request.user, timezone.now())
    read = {"digest": made.digest, "seen": " ".join(one.key for one in concerns)}
    if waits and form is None:
        form = DecisionForm(initial=read, label_suffix="")
    context = {
        "shown": show(made, timezone.now()),
        "concerns": concerns,
        "read": read,
        "form": form if waits else None,
        "refusal": refusal,
        "excluded": made.excluded.select_related("person"),
        "shell": shell_of(request),
    }
    return render(request, "approvals/detail.html", context, status=status)


class RoundView(SignedInView):
    """One round. Links in mails lead here: GET shows, whoever follows them; POST decides."""

    goes_on_here = True

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it; nothing changes, however often it is fetched."""
        made = find(request, pk)
        if is_htmx(request):  # a line of the list that is opened
            shown = {
                "lines": show(made, timezone.now()).lines,
                "concerns": concerns_of(made, request.user, timezone.now()),
            }
            return render(request, "approvals/_content.html", shown)
        return draw_round(request, made)

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Decide, once."""
        made, form = find(request, pk), DecisionForm(request.POST, label_suffix="")
        if not form.is_valid():
            return draw_round(request, made, form, status=422)
        typed = form.cleaned_data
        try:
            decide(
                pk=pk,
                user=request.user,
                verdict=typed["verdict"],
                reason=typed["reason"],
                digest=typed["digest"] or made.digest,
                seen=typed["seen"],
            )
        except ActionNotFound as error:
            raise Http404 from error
        except ActionError as error:
            status = 403 if isinstance(error, ActionForbidden) else 409
            return draw_round(request, find(request, pk), form, refusal=str(error), status=status)
        messages.success(request, _("Your decision is recorded."))
        return redirect("approvals:detail", pk)


class DelegateView(SignedInView):
    """Letting somebody decide for oneself for a period."""

    goes_on_here = True

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the form, and what was delegated."""
        return self._draw(request, DelegationForm(user=request.user, now=timezone.now()))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Store it."""
        form = DelegationForm(request.POST, user=request.user, now=timezone.now())
        if not form.is_valid():
            return self._draw(request, form, 422)
        delegate(person=request.user, by=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("Recorded: both names will stand with each decision."))
        return redirect("approvals:delegate")

    def _draw(self, request: SignedInRequest, form: DelegationForm, status: int = 200) -> HttpResponse:
        now = timezone.now()
        rows = [row for row in delegations_of(request.user, now) if row.person_id == request.user.pk]
        context = {"form": form, "rows": rows, "shell": shell_of(request)}
        return render(request, "approvals/delegate.html", context, status=status)


class EndDelegationView(SignedInView):
    """Taking decisions back."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """End it now."""
        found = Delegation.objects.filter(pk=pk).first()
        if found is None or not may_end_delegation(found, request.user):
            raise Http404
        end_delegation(delegation=found, now=timezone.now())
        return redirect("approvals:delegate")
