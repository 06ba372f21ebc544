"""Proposing swaps of duty and answering them, on the roster's page."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from duty import swaps
from duty.forms import ProposalForm
from duty.models import SwapProposal
from duty.views import draw_roster, find, turns_of


class ProposeView(SignedInView):
    """A member asks a colleague."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Propose it; what is wrong stands in the form."""
        roster, now = find(request.user, pk), timezone.now()
        form = ProposalForm(request.POST, turns=turns_of(roster), user=request.user, now=now, prefix="proposal")
        if form.is_valid():
            first, second = form.moments()
            try:
                note = form.cleaned_data["note"]
                swaps.propose_swap(roster=roster, by=request.user, first=first, second=second, now=now, note=note)
            except ValidationError as error:
                form.add_error("second", error)
            else:
                messages.success(request, _("It is proposed; your colleague is told."))
                return redirect("duty:roster", roster.pk)
        return draw_roster(request, roster, {"proposal": form})


class AnswerView(SignedInView):
    """The colleague accepts or declines; who proposed it may take it back."""

    def post(self, request: SignedInRequest, pk: int, proposal: int, answer: str) -> HttpResponse:
        """Answer it."""
        roster = find(request.user, pk)
        found = SwapProposal.objects.filter(roster=roster, pk=proposal).first()
        if found is None:
            raise Http404
        try:
            swaps.answer_swap(proposal=found, answer=answer, by=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Your answer is stored; your colleague is told."))
        return redirect("duty:roster", roster.pk)
