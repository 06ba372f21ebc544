"""Who is woken when a ticket is registered with, or raised to, a priority: said before it is sent (MAJ-01)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.models import Role, SupportGroup, User
from accounts.permissions import Permission
from cmdb.models import BusinessSystem
from duty.services import first_on_duty, recipients_for
from sla.models import NoticeRule
from sla.promises.policies import current_book
from tickets import clock
from tickets.lifecycle import kinds
from tickets.models import ImpactLevel, Priority, Ticket, Urgency
from tickets.shared.priority import priority_for


class WokenView(SignedInView):
    """Beside the button of a form that says how bad it is."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the names to staff; requesters are told that somebody is woken. Nothing where nobody is."""
        ticket = described(request.GET, request.user)
        context: dict[str, Any] = {}
        if ticket is not None and is_emergency(ticket):
            context["priority"] = ticket.priority
            context["proposed"] = "proposed" in request.GET
            if request.user.may(Permission.INTERNAL):
                context["people"] = woken_by(ticket, request.user, clock.now())
        return render(request, "sla/_woken.html", context)


def is_emergency(ticket: Ticket) -> bool:
    """Whether its priority begins the emergency procedure of its kind."""
    emergency = ticket.kind_info.emergency
    return emergency is not None and ticket.priority is not None and ticket.priority.rank <= emergency.last_rank


def described(sent: QueryDict, user: User) -> Ticket | None:
    """The ticket as the form would leave it, of its kind when it is new.

    None while nothing says how bad it is, or when that does not change.
    """
    impact = ImpactLevel.objects.active().select_related("priority").filter(code=sent.get("impact", "")).first()
    if impact is None:
        return None
    urgency = Urgency.objects.active().filter(code=sent.get("urgency", "")).first()
    priority = priority_for(impact, urgency)
    known = Ticket.objects.visible_to(user).filter(number=sent.get("ticket", "")).first()
    kind = known.kind if known else sent.get("kind", "")
    if kind not in {one.code for one in kinds()} or (known is not None and known.priority_id == priority.pk):
        return None
    ticket = known or Ticket(kind=kind)
    ticket.priority = priority
    if known is None:
        ticket.group = SupportGroup.objects.filter(code=sent.get("group", "")).first()
        ticket.business_system = BusinessSystem.objects.filter(code=sent.get("business_system", "")).first()
        ticket.assignee = User.objects.active().filter(username=sent.get("assignee", "")).first()
    return ticket


def woken_by(ticket: Ticket, user: User, now: datetime) -> list[dict[str, Any]]:
    """Whom the rules tell at once, who takes command, who gets it; each with why. ``user`` is left out."""
    found: dict[int, dict[str, Any]] = {}
    names = {role.code: str(role) for role in Role.objects.all()}

    def add(person: User | None, why: str) -> None:
        if person is not None and person != user:
            found.setdefault(person.pk, {"name": person.display_name, "roles": []})["roles"].append(why)

    emergency = ticket.kind_info.emergency
    add(first_on_duty(emergency.commander, now) if emergency else None, _("takes command"))
    for code in roles_told(ticket.priority) if ticket.priority else ():
        for person in recipients_for(code, ticket, now):
            add(person, names.get(code, code))
    for person in recipients_for("assignee", ticket, now) if ticket.group else ():
        add(person, _("gets the ticket"))
    return list(found.values())


def roles_told(priority: Priority) -> list[str]:
    """Whom the rules of ``priority`` tell when it is registered, or raised to it."""
    rules = [rule for rule in current_book().rules if rule.priority_id == priority.pk]
    return list(dict.fromkeys(code for rule in rules if rule.on == NoticeRule.On.REGISTERED for code in rule.roles))
