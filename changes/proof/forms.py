"""The forms of a change: the change record (变更记录表) and the configuration change order (配置变更单) (TKT-12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from approvals.models import Decision
from changes.approving import PURPOSE
from changes.collision.signing import signature_of
from changes.guards import incidents_caused
from changes.models import Change
from changes.proof.difference import Written, written_under
from changes.reviewing.queries import Line as Interrupted
from changes.reviewing.queries import lines_of
from cmdb.models import ConfigurationItem
from itsm.documents.paper import moment
from tickets.models import Ticket
from tickets.workspace.pages import pair

#: A line of a form, as ``pages.pair`` makes it; ``wide``: it takes the whole width.
Line = dict[str, Any]


def record_of(change: Change, user: User) -> list[tuple[str, list[Line]]]:
    """The parts of the change record; nothing is left out, so that empty places can be filled by hand.

    Of configuration items and incidents, those that ``user`` sees.
    """
    return [
        (_("Request for change"), _request(change, user)),
        (_("Plan"), _plan(change)),
        (_("Assessment and approval"), _approval(change)),
        (_("Implementation"), _implementation(change, user)),
        (_("Review"), _review(change)),
    ]


def _request(change: Change, user: User) -> list[Line]:
    person = change.requester
    items = change.items.visible_to(user).order_by("identifier")  # type: ignore[attr-defined]  # its own manager
    return [
        pair(_("Requester"), person),
        pair(_("Department"), person.department if person else None),
        pair(_("Created"), change.created_at),
        pair(_("Type of change"), change.change_type),
        pair(_("Priority"), change.get_precedence_display()),
        pair(_("Domain"), change.domain),
        pair(_("Raised from"), change.raised_from.number if change.raised_from else None),
        pair(_("Third party that asks for it"), change.third_party),
        pair(_("Business system"), change.business_system),
        pair(_("Template"), change.template_version),
        _wide(_("Summary"), change.summary),
        _wide(_("Reason"), change.reason),
        _wide(_("What is changed"), change.description),
        _wide(_("Effect"), change.effect),
        _wide(_("Configuration items"), ", ".join(item.identifier for item in items)),
    ]


def _plan(change: Change) -> list[Line]:
    steps = change.steps.select_related("person").order_by("position")
    return [
        pair(_("Planned start"), change.planned_start),
        pair(_("Planned end"), change.planned_end),
        pair(_("Implemented by"), change.group),
        pair(_("Implementer"), change.assignee),
        _wide(_("Plan"), change.plan),
        _wide(_("Steps of the plan"), "\n".join(_planned(step) for step in steps)),
        _wide(_("Back-out"), change.back_out),
        _wide(_("How the back-out was tested"), change.back_out_tested),
        _wide(_("Resources"), change.resources),
    ]


def _planned(step: Any) -> str:
    who = step.person.display_name if step.person else ""
    parts = (str(step), who, _span(step.planned_from, step.planned_to), step.check_text, step.back_out)
    return " · ".join(part for part in parts if part)


def _carried_out(step: Any) -> str:
    who = step.reported_by.display_name if step.reported_by else ""
    parts = (str(step), step.get_status_display(), _span(step.started_at, step.ended_at), who, step.note)
    return " · ".join(part for part in parts if part)


def _span(begin: datetime | None, end: datetime | None) -> str:
    return " – ".join(moment(at) for at in (begin, end) if at)


def _approval(change: Change) -> list[Line]:
    found = Decision.objects.filter(round__ticket=change.pk, round__purpose=PURPOSE)
    decisions = found.select_related("person", "for_person", "step", "round").order_by("at", "pk")
    signatures = [signature_of(one) for one in change.overrides.select_related("person")]
    lines = [
        pair(_("Risk"), change.get_risk_display()),
        _wide(_("Signed for collisions"), "\n".join(signatures) or None),
        _wide(_("Assessment"), change.assessment),
    ]
    for one in decisions:
        label = _("Round %(round)d, step %(step)d") % {"round": one.round.number, "step": one.step.position}
        lines.append(_wide(label, _decided(one)))
    return lines


def _decided(one: Decision) -> str:
    who = one.person.display_name
    if one.for_person:
        who = _("%(person)s for %(other)s") % {"person": who, "other": one.for_person.display_name}
    return " · ".join(part for part in (who, one.get_verdict_display(), moment(one.at), one.reason) if part)


def _implementation(change: Change, user: User) -> list[Line]:
    caused = Ticket.objects.visible_to(user).filter(pk__in=incidents_caused(change)).order_by("number")
    steps = change.steps.select_related("reported_by").order_by("position")
    return [
        pair(_("Actual start"), change.actual_start),
        pair(_("Actual end"), change.actual_end),
        pair(pgettext("change", "Result"), change.get_result_display()),
        pair(pgettext("point of no return", "Decision"), change.get_decision_display()),
        _wide(_("How it went"), change.result_text),
        _wide(_("Steps as carried out"), "\n".join(_carried_out(step) for step in steps)),
        _wide(_("Incidents that it caused"), ", ".join(f"{one.number} {one.summary}" for one in caused)),
    ]


def _review(change: Change) -> list[Line]:
    reached = {True: _("Yes"), False: _("No")}.get(change.expected_reached)  # type: ignore[arg-type]  # None: not yet
    return [
        pair(_("Expected result reached"), reached),
        pair(_("Rating"), change.get_rating_display()),
        pair(_("Business satisfaction"), change.get_business_view_display()),
        pair(_("Interruption (minutes)"), change.interruption_minutes),
        *(
            _wide(str(line.system or _("Interruption")), _interrupted(line))
            for line in lines_of(change)
            if line.system or line.corrections
        ),
        pair(_("Reviewed by"), change.reviewed_by),
        pair(_("Reviewed"), change.reviewed_at),
        _wide(_("Lessons"), change.lessons),
        _wide(_("Improvement of the process"), change.improvement),
        pair(_("Signature of the implementer, date"), None),
        pair(_("Signature of the change manager, date"), None),
    ]


def _interrupted(line: Interrupted) -> str:
    """Minutes as recorded, and each correction with who, when and why."""
    recorded = _("not recorded") if line.recorded is None else _("%(n)s minutes recorded") % {"n": line.recorded}
    corrected = [
        _("corrected to %(n)s: %(reason)s (%(person)s, %(at)s)")
        % {"n": one.minutes, "reason": one.reason, "person": one.by, "at": moment(one.at)}
        for one in line.corrections
    ]
    return "\n".join([recorded, *corrected])


def _wide(label: str, value: Any) -> Line:
    return {**pair(label, value), "wide": True}


#: Steps that the order names; the newest of each counts.
STEPS = ("send_notice", "order_update", "return_order")


def ordering_of(change: Change) -> list[Line]:
    """Who told of it, who ordered the update, who carries it out, and what came of it: the head of the order."""
    found = change.timeline.filter(action__in=STEPS).select_related("actor").order_by("at", "pk")
    said = {one.action: " · ".join(filter(None, (str(one.actor), moment(one.at), one.text))) for one in found}
    return [
        pair(_("Configuration notice sent"), said.get("send_notice")),
        pair(_("Update of items ordered"), said.get("order_update")),
        pair(_("Configuration operator"), change.operator),
        pair(_("Order returned"), said.get("return_order")),
    ]


@dataclass(frozen=True)
class OrderLine:
    """An item of the order with what was written to it because of the change."""

    item: ConfigurationItem
    written: list[Written]


def order_of(change: Change, user: User) -> list[OrderLine]:
    """The configuration change order: every item that the change names and the reader sees, with what was written."""
    items = ConfigurationItem.objects.visible_to(user).filter(tickets=change.pk)
    named = items.select_related("ci_class", "status", "business_system").order_by("identifier")
    found = written_under(change.number, named)
    return [OrderLine(item, found.get(item.pk, [])) for item in named]
