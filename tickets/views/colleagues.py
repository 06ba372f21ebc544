"""Finding colleagues to mention."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from tickets.models import Ticket
from tickets.shared.mentions import objection

SHOWN = 8


class FindColleaguesView(SignedInView):
    """Staff by name or user name, the people of the ticket first; nobody whom a mention would not reach."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer ``{results: [{value, text, detail}]}``."""
        if not request.user.may(Permission.INTERNAL):
            raise PermissionDenied
        ticket = Ticket.objects.visible_to(request.user).filter(number=request.GET.get("ticket", "")).first()
        near = people_near(ticket) if ticket else Q(pk=None)
        staff = User.objects.active().with_access().holding(Permission.VIEW, Permission.WORK)
        order = Case(When(near, then=Value(0)), default=Value(1), output_field=IntegerField())
        words = request.GET.get("q", "")[:100]
        named = Q(username__istartswith=words) | Q(full_name__icontains=words) | Q(full_name_en__icontains=words)
        found = staff.filter(named).exclude(pk=request.user.pk).distinct()
        people = found.annotate(distance=order).order_by("distance", "full_name", "pk")[: 2 * SHOWN]
        is_public = request.GET.get("visibility") == "comment"
        reached = [person for person in people if ticket is None or not objection(person, ticket, is_public=is_public)]
        return JsonResponse({"results": [line_of(person, ticket) for person in reached[:SHOWN]]})


def people_near(ticket: Ticket) -> Q:
    """Who has to do with ``ticket``: assignee, registrar, watchers, the group with its lead."""
    group = Q(support_groups=ticket.group_id) | Q(led_groups=ticket.group_id) if ticket.group_id else Q(pk=None)
    watchers = ticket.watchers.values("pk")
    return Q(pk__in=[ticket.assignee_id, ticket.registered_by_id]) | Q(pk__in=watchers) | group


def line_of(person: User, ticket: Ticket | None) -> dict[str, str]:
    """A line of the list that opens while writing."""
    of_ticket = ticket is not None and person.pk == ticket.assignee_id
    detail = [f"@{person.username}", _("Assignee") if of_ticket else str(person.organisation)]
    return {"value": person.username, "text": person.display_name, "detail": " · ".join(detail)}
