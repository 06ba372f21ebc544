"""Finding people and configuration items while typing, and what the desk sees of a caller (INC-02)."""

from __future__ import annotations

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from cmdb.models import ConfigurationItem
from tickets import clock, pages
from tickets.models import Ticket

SHOWN = 20


class FindPeopleView(SignedInView):
    """People by name, user name, phone, employee number."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer ``{results: [{value, text, detail}]}``, at most twenty."""
        words = request.GET.get("q", "")[:200]
        found = User.objects.visible_to(request.user).active().matching(words)
        people = found.select_related("organisation", "department").order_by("full_name")[:SHOWN]
        results = [
            {
                "value": person.username,
                "text": f"{person.display_name} ({person.username})",
                "detail": " · ".join(
                    str(part)
                    for part in (person.organisation, person.department, person.phone or person.mobile)
                    if part
                ),
            }
            for person in people
        ]
        return JsonResponse({"results": results})


class FindItemsView(SignedInView):
    """Configuration items by identifier or name."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer ``{results: [{value, text, detail}]}``, at most twenty."""
        words = request.GET.get("q", "")[:200]
        found = ConfigurationItem.objects.visible_to(request.user).matching(words)
        items = found.select_related("ci_class", "business_system").order_by("identifier")[:SHOWN]
        results = [
            {"value": item.identifier, "text": str(item), "detail": f"{item.ci_class} · {item.business_system or '—'}"}
            for item in items
        ]
        return JsonResponse({"results": results})


class CallerView(SignedInView):
    """What the desk sees of a caller while registering: who they are, what they have open, what they had."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the fragment for the person named ``requester``."""
        found = User.objects.visible_to(request.user).select_related("organisation", "department")
        person = found.filter(username=request.GET.get("requester", "")).first()
        if person is None:
            raise Http404
        tickets = Ticket.objects.visible_to(request.user).filter(requester=person, parent=None)
        now = clock.now()
        recent = tickets.for_rows().order_by("-created_at", "-id")
        context = {
            "person": person,
            "facts": caller_facts(person),
            "open": pages.rows_of(recent.live()[:SHOWN], now),
            "history": pages.rows_of(recent.exclude(phase__in=["open", "waiting"])[:5], now),
            "items": ConfigurationItem.objects.visible_to(request.user).filter(organisation=person.organisation)[:10],
        }
        return render(request, "tickets/_caller.html", context)


def caller_facts(person: User) -> list[dict[str, object]]:
    """Lines about a caller."""
    return pages.filled(
        [
            pages.pair(_("Organisation"), person.organisation),
            pages.pair(_("Department"), person.department),
            pages.pair(_("Employee number"), person.employee_number),
            pages.pair(_("Phone"), person.phone, f"tel:{person.phone}" if person.phone else ""),
            pages.pair(_("Mobile"), person.mobile, f"tel:{person.mobile}" if person.mobile else ""),
            pages.pair(_("Email"), person.email, f"mailto:{person.email}" if person.email else ""),
        ]
    )
