"""Pages of duty rosters: who is on duty now and next; turns, stand-ins, swaps, absences."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from duty import services
from duty.forms import AbsenceForm, GroupForm, ProposalForm, RosterForm, StandInForm, SwapForm, kept_groups
from duty.models import Roster
from duty.queries import plans_of, standings, upcoming_absences, upcoming_overrides
from duty.rules import may_keep_roster, may_read_rosters
from duty.swaps import open_proposals, swap_for_both
from duty.turns import Turn

SHOWN = timedelta(days=56)


def find(user: User, pk: int, *, keeps: bool = False) -> Roster:
    """The roster that ``user`` may read, or keep. Raises Http404, PermissionDenied."""
    if not may_read_rosters(user):
        raise PermissionDenied
    roster = Roster.objects.visible_to(user).loaded().filter(pk=pk).first()
    if roster is None:
        raise Http404
    if keeps and not may_keep_roster(roster.group, user):
        raise PermissionDenied
    return roster


def turns_of(roster: Roster) -> list[Turn]:
    """The turns of the next weeks, from now on; each with its real beginning and end."""
    now = timezone.now()
    return list(plans_of([roster], now, now + SHOWN)[roster.pk].between(now, now + SHOWN))


class ListView(SignedInView):
    """Who is on duty in each group, now and next."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it."""
        if not may_read_rosters(request.user):
            raise PermissionDenied
        rosters = Roster.objects.visible_to(request.user).loaded()
        context = {"rows": standings(rosters, timezone.now()), "may_add": bool(kept_groups(request.user))}
        return render(request, "duty/list.html", context)


class NewView(SignedInView):
    """Making a roster: the group first, then its turns."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the choice of groups, or the form of the chosen one."""
        groups = self._groups(request)
        chosen = GroupForm(request.GET or None, groups=groups)
        if not chosen.is_valid():
            return render(request, "duty/new.html", {"form": GroupForm(groups=groups)})
        group = chosen.groups[chosen.cleaned_data["group"]]
        return draw_form(request, RosterForm(group=group, manages=manages(request.user)))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Store it."""
        chosen = GroupForm(request.GET, groups=self._groups(request))
        if not chosen.is_valid():
            raise Http404
        group = chosen.groups[chosen.cleaned_data["group"]]
        return store(request, RosterForm(request.POST, group=group, manages=manages(request.user)))

    @staticmethod
    def _groups(request: SignedInRequest) -> list[Any]:
        groups = kept_groups(request.user)
        if not groups:
            raise PermissionDenied
        return groups


class EditView(SignedInView):
    """Changing length, beginning, members."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show the form."""
        roster = find(request.user, pk, keeps=True)
        return draw_form(request, RosterForm(instance=roster, group=roster.group, manages=manages(request.user)))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Store it."""
        roster = find(request.user, pk, keeps=True)
        form = RosterForm(request.POST, instance=roster, group=roster.group, manages=manages(request.user))
        return store(request, form)


def manages(user: User) -> bool:
    """Whether the person may say who the duty manager of the portal is."""
    return user.may(Permission.ADMIN)


def draw_form(request: SignedInRequest, form: RosterForm, status: int = 200) -> HttpResponse:
    """The form of a roster."""
    return render(request, "duty/edit.html", {"form": form, "group": form.instance.group}, status=status)


def store(request: SignedInRequest, form: RosterForm) -> HttpResponse:
    """Save, or draw the form with its errors."""
    if not form.is_valid():
        return draw_form(request, form, 422)
    stored = form.save(commit=False)
    roster = services.save_roster(roster=stored, members=form.members(), by=request.user, now=timezone.now())
    messages.success(request, _("The roster is saved."))
    return redirect("duty:roster", roster.pk)


class RosterView(SignedInView):
    """A group's roster."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show the turns to come; to those who keep it, what can be changed."""
        return draw_roster(request, find(request.user, pk))


def draw_roster(
    request: SignedInRequest, roster: Roster, bound: dict[str, forms.BaseForm] | None = None
) -> HttpResponse:
    """The roster's page; ``bound`` forms with their errors."""
    now, turns = timezone.now(), turns_of(roster)
    given = bound or {}
    context = {
        "roster": roster,
        "turns": turns,
        "overrides": upcoming_overrides(roster, now),
        "absences": upcoming_absences(roster, now),
        "keeps": may_keep_roster(roster.group, request.user),
        "stand_in": given.get("stand_in") or StandInForm(roster=roster, prefix="stand_in"),
        "absence": given.get("absence") or AbsenceForm(roster=roster, prefix="absence"),
        "swap": given.get("swap") or SwapForm(turns=turns, prefix="swap"),
        "proposals": open_proposals(roster, now),
        "proposal_form": given.get("proposal") or _proposal_form(turns, request.user, now),
    }
    return render(request, "duty/roster.html", context, status=422 if bound else 200)


def _proposal_form(turns: list[Turn], user: User, now: datetime) -> ProposalForm | None:
    """For those who have a turn that could be swapped."""
    form = ProposalForm(turns=turns, user=user, now=now, prefix="proposal")
    return form if form.is_possible else None


class StepView(SignedInView):
    """Standing in, swapping, being away, and taking any of it back."""

    def post(self, request: SignedInRequest, pk: int, step: str) -> HttpResponse:
        """Do it and say so."""
        roster = find(request.user, pk, keeps=True)
        refused = _STEPS[step](request, roster)
        if refused is not None:
            return draw_roster(request, roster, {step: refused})
        messages.success(request, _("The roster is changed."))
        return redirect("duty:roster", roster.pk)


def _stand_in(request: SignedInRequest, roster: Roster) -> forms.BaseForm | None:
    form = StandInForm(request.POST, roster=roster, prefix="stand_in")
    if not form.is_valid():
        return form
    try:
        services.stand_in(roster=roster, by=request.user, now=timezone.now(), **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return form
    return None


def _absence(request: SignedInRequest, roster: Roster) -> forms.BaseForm | None:
    form = AbsenceForm(request.POST, roster=roster, prefix="absence")
    if not form.is_valid():
        return form
    services.record_absence(absence=form.save(commit=False), by=request.user, now=timezone.now())
    return None


def _swap(request: SignedInRequest, roster: Roster) -> forms.BaseForm | None:
    form = SwapForm(request.POST, turns=turns_of(roster), prefix="swap")
    if not form.is_valid():
        return form
    first, second = form.moments()
    try:
        swap_for_both(roster=roster, first=first, second=second, by=request.user, now=timezone.now())
    except ValidationError as error:
        form.add_error("second", error)
        return form
    return None


def _withdraw(request: SignedInRequest, roster: Roster) -> None:
    for row in upcoming_overrides(roster, timezone.now()):
        if request.POST.get("row") == str(row.pk):
            services.withdraw_override(override=row, by=request.user, now=timezone.now())


def _return(request: SignedInRequest, roster: Roster) -> None:
    for row in upcoming_absences(roster, timezone.now()):
        if request.POST.get("row") == str(row.pk):
            services.end_absence(absence=row, by=request.user, now=timezone.now())


_STEPS: dict[str, Any] = {
    "stand_in": _stand_in,
    "absence": _absence,
    "swap": _swap,
    "withdraw": _withdraw,
    "return": _return,
}
