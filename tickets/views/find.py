"""Finding people and configuration items while typing, and what the desk sees of a call (INC-02)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render

from accounts.http import SignedInRequest, SignedInView
from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from cmdb.models import ConfigurationItem
from tickets import clock
from tickets.workspace.caller_forms import CallerForm
from tickets.workspace.callers import caller_context
from tickets.workspace.staffing import ranked
from tickets.workspace.suggestions import MORE, Call, duplicates, suggest

SHOWN = 20


def results(people: Iterable[User]) -> JsonResponse:
    """``{results: [{value, text, detail}]}`` for choices that are found while typing."""
    return JsonResponse({"results": [choice(person) for person in people]})


def choice(person: User) -> dict[str, str]:
    """A person as a choice."""
    known = (person.organisation, person.department, person.phone or person.mobile, person.employee_number)
    return {
        "value": person.username,
        "text": f"{person.display_name} ({person.username})",
        "detail": " · ".join(str(part) for part in known if part),
    }


class FindPeopleView(SignedInView):
    """People by name, user name, phone, employee number."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer at most twenty; ``organisation``: of this one only."""
        words = request.GET.get("q", "")[:200]
        found = User.objects.visible_to(request.user).active().matching(words)
        if code := request.GET.get("organisation", ""):
            found = found.filter(organisation__code=code)
        return results(found.select_related("organisation", "department").order_by("full_name")[:SHOWN])


class FindMembersView(SignedInView):
    """Members of a group, who can be assigned."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer those of the group named ``group``, the best first; without one everybody who works in some group."""
        groups = list(SupportGroup.objects.visible_to(request.user).filter(active=True))
        if code := request.GET.get("group", ""):
            groups = [group for group in groups if group.code == code]
        members = User.objects.visible_to(request.user).active().filter(support_groups__in=groups)
        found = members.matching(request.GET.get("q", "")[:200]).distinct()
        people = found.order_by("full_name", "pk")[: 3 * SHOWN]
        one = groups[0] if code and groups else None
        return JsonResponse({"results": ranked(people, one, request.user, clock.now())})


class FindItemsView(SignedInView):
    """Configuration items by identifier or name."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer ``{results: [{value, text, detail}]}``, at most twenty."""
        words = request.GET.get("q", "")[:200]
        standing = ConfigurationItem.objects.visible_to(request.user).filter(merged_into=None)
        found = standing.matching(words, request.user)
        items = found.select_related("ci_class", "business_system").order_by("identifier")[:SHOWN]
        rows = [
            {"value": item.identifier, "text": str(item), "detail": f"{item.ci_class} · {item.business_system or '—'}"}
            for item in items
        ]
        return JsonResponse({"results": rows})


class CallerView(SignedInView):
    """What the desk sees of a caller while registering: who they are, what they have open, what they had."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the fragment for the person named ``requester``, or who may be calling from ``phone``."""
        found = User.objects.visible_to(request.user).select_related("organisation", "department")
        username, phone = request.GET.get("requester", ""), request.GET.get("phone", "")[:40]
        person = found.filter(username=username).first()
        if person is None and phone and not username:
            return self._draw_callers(phone, found.active().with_phone(phone).order_by("full_name")[:SHOWN])
        if person is None:
            raise Http404
        return render(request, "tickets/_caller.html", caller_context(person, request.user, clock.now()))

    def _draw_callers(self, phone: str, people: Iterable[User]) -> HttpResponse:
        context = {
            "phone": phone,
            "people": [choice(person) for person in people],
            "may_add": self.request.user.may(Permission.PEOPLE_ADD),
        }
        return render(self.request, "tickets/_callers.html", context)


class NewCallerView(SignedInView):
    """A caller who is not known yet, entered by hand without leaving the call."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the form, with what was typed in search of them."""
        self._check(request.user)
        return self._draw(CallerForm(initial=CallerForm.from_words(request.GET.get("q", ""))))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Add them and show their card; the field takes them over by the event ``caller``."""
        self._check(request.user)
        form = CallerForm(request.POST)
        if not form.is_valid():
            return self._draw(form, status=422)
        person = form.add_person(by=request.user)
        context = caller_context(person, request.user, clock.now())
        return render(request, "tickets/_caller.html", {**context, "added": choice(person)})

    def _check(self, user: User) -> None:
        if not user.may(Permission.PEOPLE_ADD):
            raise PermissionDenied

    def _draw(self, form: Any, status: int = 200) -> HttpResponse:
        return render(self.request, "tickets/_new_caller.html", {"form": form}, status=status)


class HintsView(SignedInView):
    """What the words of a call suggest: what it is about, and open tickets that may be the same."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the fragment; for those who see tickets of other people only."""
        if not request.user.may(Permission.INTERNAL):
            raise PermissionDenied
        typed = request.GET
        call = Call(
            summary=typed.get("summary", "")[:200],
            requester=typed.get("requester", ""),
            business_system=typed.get("business_system", ""),
            items=tuple(typed.getlist("items")[:20]),
        )
        context = {
            "suggestions": [] if not call.words else suggest(call, request.user),
            "duplicates": duplicates(call, request.user),
            "more": [found for offer in MORE if (found := offer(call, request.user))],
            "links": request.user.may(Permission.DISPATCH),
        }
        return render(request, "tickets/_hints.html", context)
