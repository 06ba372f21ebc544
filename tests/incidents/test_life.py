"""The life of an incident: what each action means (INC-05), who may do it, what the timeline says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from incidents.models import Incident
from tests.factories import (
    MONDAY,
    World,
    act,
    add_task,
    finish,
    incident_in,
    last_entry,
    make_organisation,
    register_incident,
    resolve,
    unclaimed,
    wait,
)
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid
from tickets.models import TicketLink, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-05")]

HOUR = timedelta(hours=1)


def refused_fields(ticket: Any, name: str, user: Any, **data: Any) -> list[str]:
    """Names of the fields that keep an action from being done; nothing has changed then."""
    before, lines = Incident.objects.filter(pk=ticket.pk).values().get(), TimelineEntry.objects.count()
    with pytest.raises(ActionInvalid) as refused:
        act(ticket, name, user, **data)
    assert Incident.objects.filter(pk=ticket.pk).values().get() == before
    assert TimelineEntry.objects.count() == lines
    return sorted(refused.value.form.errors)


def changes(ticket: Any) -> dict[str, tuple[Any, Any]]:
    """What the newest line of the timeline says was changed: ids of rows, or values."""
    found = last_entry(ticket).changes
    return {change["field"]: (_key(change["old"]), _key(change["new"])) for change in found}


def _key(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def test_assign_to_a_group_waits_in_its_queue(world: World) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, now=MONDAY, group="host", text="请看")

    assert (ticket.state, ticket.group.code, ticket.assignee, ticket.assigned_at) == ("assigned", "host", None, MONDAY)
    assert ticket.planned_response_at == MONDAY + timedelta(minutes=120)
    assert (changes(ticket), last_entry(ticket).text) == ({"group": (None, "host")}, "请看")


def test_assign_to_a_person(world: World) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, group="host", assignee="engineer")

    assert changes(ticket) == {"group": (None, "host"), "assignee": (None, "engineer")}


def test_assign_again_keeps_the_first_time(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "assign", world.desk, now=MONDAY + HOUR, group="network")

    assert (ticket.group.code, ticket.assigned_at) == ("network", MONDAY)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({}, ["group"]),
        ({"group": "no-such"}, ["group"]),
        ({"group": "host", "assignee": "expert"}, ["assignee"]),
        ({"group": "host", "assignee": "requester"}, ["assignee"]),
    ],
)
def test_assign_needs_a_group_and_its_member(world: World, data: dict[str, str], fields: list[str]) -> None:
    assert refused_fields(incident_in("registered", world), "assign", world.desk, **data) == fields


@pytest.mark.req("INC-06")
def test_claim_takes_it_from_the_queue(world: World) -> None:
    ticket = act(unclaimed(world), "claim", world.engineer)

    assert (ticket.state, ticket.assignee) == ("assigned", world.engineer)
    assert changes(ticket) == {"assignee": (None, "engineer")}


@pytest.mark.req("INC-06")
def test_claim_of_a_claimed_ticket_says_who_has_it(world: World) -> None:
    ticket = unclaimed(world)
    act(ticket, "claim", world.engineer)

    with pytest.raises(ActionConflict, match="Engineer"):
        act(ticket, "claim", world.engineer2)  # this copy of the ticket does not know yet

    assert Incident.objects.get().assignee == world.engineer


@pytest.mark.req("INC-06")
@pytest.mark.parametrize("person", ["other_engineer", "expert", "desk", "manager"])
def test_claim_is_for_members_of_the_group(world: World, person: str) -> None:
    ticket = unclaimed(world)

    with pytest.raises(ActionForbidden):
        act(ticket, "claim", world.people[person])

    assert Incident.objects.get().assignee is None


def test_start_is_the_response(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "start", world.engineer2, now=MONDAY + HOUR)

    assert (ticket.state, ticket.assignee, ticket.responded_at) == ("in_progress", world.engineer2, MONDAY + HOUR)
    assert ticket.responded_in_time is True
    assert ticket.planned_completion_at == MONDAY + HOUR + timedelta(minutes=1440)


def test_start_too_late_is_on_record(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "start", world.engineer, now=MONDAY + timedelta(minutes=121))

    assert ticket.responded_in_time is False


def test_start_of_another_s_ticket_keeps_the_assignee(world: World) -> None:
    ticket = act(incident_in("assigned", world), "start", world.engineer2)

    assert ticket.assignee == world.engineer


def test_start_by_the_desk_belongs_to_the_desk(world: World) -> None:
    ticket = act(incident_in("registered", world), "start", world.desk, now=MONDAY)

    assert (ticket.state, ticket.group.code, ticket.assignee) == ("in_progress", "desk", world.desk)
    assert (ticket.assigned_at, ticket.responded_at) == (MONDAY, MONDAY)
    assert changes(ticket) == {"group": (None, "desk"), "assignee": (None, "desk")}
    done = resolve(ticket, world.desk, close_code="desk")
    assert done.state == "resolved"


def test_start_by_the_desk_needs_an_undispatched_ticket(world: World) -> None:
    with pytest.raises(ActionForbidden):
        act(unclaimed(world), "start", world.desk)


def test_wait_says_for_what_and_until_when(world: World) -> None:
    ticket = wait(incident_in("in_progress", world), world.engineer, now=MONDAY, wait_until="2026-11-30T09:00")

    assert (ticket.state, ticket.phase) == ("pending", "waiting")
    assert (ticket.wait_reason_id, ticket.waiting_since) == ("requester", MONDAY)
    assert ticket.wait_until == MONDAY + timedelta(days=7)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"wait_until": "2000-01-01T00:00"}, ["wait_until"]),
        ({"wait_until": ""}, ["wait_until"]),
        ({"wait_reason": ""}, ["wait_reason"]),
        ({"wait_until": "soon"}, ["wait_until"]),
    ],
)
def test_wait_needs_a_reason_and_a_moment_to_come(world: World, data: dict[str, str], fields: list[str]) -> None:
    typed = {"wait_reason": "requester", "wait_until": "2099-01-01T00:00", **data}

    assert refused_fields(incident_in("in_progress", world), "wait", world.engineer, **typed) == fields


def test_resume_adds_the_pause_to_the_time_waited(world: World) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    started = ticket.responded_at
    for hour in (1, 5):
        ticket = wait(ticket, world.engineer, now=MONDAY + hour * HOUR)
        ticket = act(ticket, "resume", world.engineer, now=MONDAY + (hour + 2) * HOUR)

    assert (ticket.state, ticket.waited, ticket.waiting_since, ticket.wait_reason) == (
        "in_progress",
        4 * HOUR,
        None,
        None,
    )
    assert started is not None
    assert ticket.planned_completion_at == started + timedelta(minutes=1440) + 4 * HOUR


@pytest.mark.parametrize("state", ["assigned", "in_progress"])
def test_return_to_desk_takes_group_and_person_off(world: World, state: str) -> None:
    ticket = act(incident_in(state, world), "return_to_desk", world.engineer, text="不归我们管")

    assert (ticket.state, ticket.group, ticket.assignee) == ("registered", None, None)
    assert last_entry(ticket).text == "不归我们管"
    assert {"group": ("host", None), "assignee": ("engineer", None)}.items() <= changes(ticket).items()


def test_return_to_desk_needs_a_reason(world: World) -> None:
    assert refused_fields(incident_in("assigned", world), "return_to_desk", world.engineer) == ["text"]


def test_hand_over_to_another_group(world: World) -> None:
    ticket = act(incident_in("in_progress", world), "hand_over", world.engineer, group="network", text="是网络问题")

    assert (ticket.state, ticket.group.code, ticket.assignee) == ("assigned", "network", None)
    assert changes(ticket) == {"group": ("host", "network"), "assignee": ("engineer", None)}


def test_hand_over_to_nobody_new_is_refused(world: World) -> None:
    data = {"group": "host", "assignee": "engineer", "text": "?"}

    assert refused_fields(incident_in("in_progress", world), "hand_over", world.engineer, **data) == ["group"]


@pytest.mark.req("INC-13")
def test_escalate_goes_to_a_higher_line(world: World) -> None:
    ticket = act(incident_in("in_progress", world), "escalate", world.engineer, group="host-l2", text="需要二线")

    assert (ticket.state, ticket.group.code, ticket.assignee) == ("assigned", "host-l2", None)


@pytest.mark.req("INC-13")
@pytest.mark.parametrize(("held_by", "offered"), [("desk", ["host", "host-l2", "network"]), ("host", ["host-l2"])])
def test_escalate_offers_higher_lines_only_and_no_vendors(world: World, held_by: str, offered: list[str]) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, group=held_by)
    accepted = []
    for code in world.groups:
        try:
            act(act(ticket, "escalate", world.desk, group=code, text="?"), "assign", world.desk, group=held_by)
        except ActionInvalid:
            continue
        accepted.append(code)

    assert sorted(accepted) == offered


@pytest.mark.req("INC-13")
def test_escalate_ends_at_the_second_line(world: World) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, group="host-l2")

    assert refused_fields(ticket, "escalate", world.expert, group="vendor", text="?") == ["group"]


@pytest.mark.req("INC-07")
def test_resolve_records_the_solution(world: World) -> None:
    ticket = resolve(incident_in("in_progress", world, now=MONDAY), world.engineer, now=MONDAY + HOUR)

    assert (ticket.state, ticket.phase, ticket.close_code_id) == ("resolved", "resolved", "tier1")
    assert (ticket.cause, ticket.handling) == ("磁盘已满", "清理日志")
    assert (ticket.resolved_at, ticket.resolved_by, ticket.completed_in_time) == (MONDAY + HOUR, world.engineer, True)


@pytest.mark.req("INC-07")
@pytest.mark.parametrize(("group", "engineer"), [("desk", "desk"), ("host", "engineer"), ("host-l2", "expert")])
def test_resolve_takes_the_close_code_of_the_line_that_solved_it(world: World, group: str, engineer: str) -> None:
    ticket = act(incident_in("registered", world), "assign", world.desk, group=group)
    ticket = act(ticket, "start", world.people[engineer])
    tier = ticket.group.tier
    wrong = [code for code in ("desk", "tier1", "tier2", "tier3", "unresolved", "rejected") if code != tier]

    for code in wrong:
        data = {"cause": "?", "handling": "?", "close_code": code}
        assert refused_fields(ticket, "resolve", world.people[engineer], **data) == ["close_code"]
    assert resolve(ticket, world.people[engineer], close_code=tier).close_code_id == tier


@pytest.mark.req("INC-07")
@pytest.mark.parametrize("code", ["recovered", "false_alarm"])
def test_resolve_takes_codes_of_no_line_from_every_line(world: World, code: str) -> None:
    assert resolve(incident_in("in_progress", world), world.engineer, close_code=code).close_code_id == code


@pytest.mark.req("INC-07")
@pytest.mark.parametrize("missing", ["cause", "handling", "close_code"])
def test_resolve_needs_cause_handling_and_code(world: World, missing: str) -> None:
    data = {"cause": "磁盘已满", "handling": "清理日志", "close_code": "tier1"} | {missing: ""}

    assert refused_fields(incident_in("in_progress", world), "resolve", world.engineer, **data) == [missing]


@pytest.mark.req("INC-07", "TSK-02")
def test_resolve_waits_for_tasks(world: World) -> None:
    ticket = incident_in("in_progress", world)
    task = add_task(ticket, world.engineer)

    with pytest.raises(ActionConflict, match=r"1.+1"):
        resolve(ticket, world.engineer)
    assert Incident.objects.get().state == "in_progress"

    finish(task, world.engineer)
    assert resolve(ticket, world.engineer).state == "resolved"


def test_pending_ticket_is_resumed_before_it_is_resolved(world: World) -> None:
    with pytest.raises(ActionConflict):
        resolve(incident_in("pending", world), world.engineer)


@pytest.mark.req("INC-08")
def test_close_after_confirming_with_the_requester(world: World) -> None:
    ticket = incident_in("resolved", world)
    closed = act(ticket, "close", world.desk, now=MONDAY, text="电话确认", satisfaction="very_good")

    assert (closed.state, closed.phase, closed.closed_at) == ("closed", "closed", MONDAY)
    assert (closed.satisfaction_id, last_entry(closed).text) == ("very_good", "电话确认")


@pytest.mark.req("INC-08")
@pytest.mark.parametrize(
    ("opener", "for_whom", "may", "may_not"),
    [
        # a requester's ticket: the desk
        ("requester", None, ["desk", "desk2", "manager", "admin"], ["engineer", "lead", "requester", "colleague"]),
        # registered by the desk for a requester: the desk
        ("desk", "requester", ["desk", "desk2"], ["engineer", "requester"]),
        # registered by an engineer for a requester: that engineer, or the desk
        ("engineer2", "requester", ["engineer2", "desk"], ["engineer", "lead"]),
        # what an engineer found on inspection: whoever opened it closes it
        ("engineer2", None, ["engineer2", "manager"], ["engineer", "desk", "lead"]),
    ],
)
def test_close_is_for_whoever_opened_it_the_desk_for_requesters_and_managers(
    world: World, opener: str, for_whom: str | None, may: list[str], may_not: list[str]
) -> None:
    ticket: Any = register_incident(world.people[opener], requester=for_whom or "")
    ticket = act(ticket, "assign", world.desk, group="host", assignee="engineer")
    ticket = resolve(act(ticket, "start", world.engineer), world.engineer)
    close = ticket.kind_info.actions["close"]

    assert [name for name in [*may, *may_not] if close.allow(ticket, world.people[name])] == may


@pytest.mark.req("INC-08")
def test_requester_confirms(world: World) -> None:
    closed = act(incident_in("resolved", world), "confirm", world.requester, satisfaction="normal")

    assert (closed.state, closed.satisfaction_id, last_entry(closed).actor) == ("closed", "normal", world.requester)


@pytest.mark.req("INC-08", "ORG-03")
def test_colleague_does_not_confirm_for_the_requester(world: World) -> None:
    with pytest.raises(ActionForbidden):
        act(incident_in("resolved", world), "confirm", world.colleague)


@pytest.mark.req("INC-12")
@pytest.mark.parametrize("person", ["requester", "desk"])
def test_not_solved_goes_on_in_a_follow_up(world: World, person: str) -> None:
    ticket = incident_in("resolved", world, description="详情", impact="I3", urgency="normal", category="hw-net")

    old = act(ticket, "not_solved", world.people[person], now=MONDAY, text="仍然无法登录")

    assert (old.state, old.close_code_id, old.closed_at) == ("closed", "unresolved", MONDAY)
    new = Incident.objects.exclude(pk=old.pk).get()
    assert (new.state, new.group, new.assignee, new.assigned_at) == ("assigned", old.group, world.engineer, MONDAY)
    carried = ("summary", "description", "impact", "urgency", "category", "requester", "organisation", "priority")
    assert [getattr(new, name) for name in carried] == [getattr(old, name) for name in carried]
    assert (new.reopen_count, new.resolved_at, new.responded_at, new.cause) == (1, None, None, "")
    assert new.planned_response_at == MONDAY + timedelta(minutes=30)
    assert list(TicketLink.objects.values_list("source", "target", "meaning")) == [(new.pk, old.pk, "follow_up_of")]


@pytest.mark.req("INC-12")
def test_not_solved_shows_the_chain_on_both_timelines(world: World) -> None:
    old = act(incident_in("resolved", world), "not_solved", world.requester, text="仍然无法登录")
    new = Incident.objects.exclude(pk=old.pk).get()

    assert last_entry(old).data == {"number": new.number}
    assert last_entry(new).data == {"number": old.number, "reason": "仍然无法登录"}
    assert (last_entry(old).action, last_entry(new).action) == ("followed_up", "follows")


@pytest.mark.req("INC-12")
def test_not_solved_again_and_again_is_counted(world: World) -> None:
    ticket: Any = incident_in("resolved", world)
    for count in (1, 2):
        old = act(ticket, "not_solved", world.requester, text="?")
        ticket = Incident.objects.latest("pk")
        assert (ticket.reopen_count, old.reopen_count) == (count, count - 1)
        ticket = resolve(act(ticket, "start", world.engineer), world.engineer)


@pytest.mark.req("INC-12")
def test_not_solved_needs_a_word(world: World) -> None:
    assert refused_fields(incident_in("resolved", world), "not_solved", world.requester) == ["text"]


@pytest.mark.req("INC-03")
@pytest.mark.parametrize("state", ["registered", "assigned"])
@pytest.mark.parametrize("reason", ["out_of_contract", "out_of_scope", "handed_over", "duplicate"])
def test_reject_answers_and_closes_with_a_reason(world: World, state: str, reason: str) -> None:
    ticket = act(incident_in(state, world), "reject", world.desk, now=MONDAY, reject_reason=reason, text="不在合同内")

    assert (ticket.state, ticket.close_code_id, ticket.reject_reason_id) == ("closed", "rejected", reason)
    assert (ticket.closed_at, ticket.resolved_at) == (MONDAY, None)
    assert (last_entry(ticket).text, last_entry(ticket).is_public) == ("不在合同内", True)


@pytest.mark.req("INC-03")
@pytest.mark.parametrize(
    ("data", "fields"), [({"text": "?"}, ["reject_reason"]), ({"reject_reason": "withdrawn"}, ["text"])]
)
def test_reject_needs_reason_and_answer(world: World, data: dict[str, str], fields: list[str]) -> None:
    assert refused_fields(incident_in("registered", world), "reject", world.desk, **data) == fields


@pytest.mark.req("INC-03")
@pytest.mark.parametrize("person", ["engineer", "lead", "requester"])
def test_reject_is_for_the_desk(world: World, person: str) -> None:
    with pytest.raises(ActionForbidden):
        act(incident_in("assigned", world), "reject", world.people[person], reject_reason="withdrawn", text="?")


@pytest.mark.req("INC-03")
def test_withdraw_takes_a_report_back(world: World) -> None:
    ticket = act(incident_in("assigned", world), "withdraw", world.requester, now=MONDAY, text="已恢复")

    assert (ticket.state, ticket.close_code_id, ticket.reject_reason_id) == ("closed", "rejected", "withdrawn")


@pytest.mark.req("INC-03")
def test_withdraw_is_over_once_work_has_begun(world: World) -> None:
    with pytest.raises(ActionConflict):
        act(incident_in("in_progress", world), "withdraw", world.requester, text="?")


@pytest.mark.req("INC-14")
def test_call_vendor_marks_the_case_and_keeps_ticket_and_clock(world: World) -> None:
    before = incident_in("in_progress", world)
    data = {"vendor_contract": "HT-1", "vendor_contact": "梁鹏", "vendor_case_number": "C-9", "text": "请查日志"}
    ticket = act(before, "call_vendor", world.engineer, now=MONDAY, supplier="liyuan", **data)

    assert (ticket.vendor_needed, ticket.supplier.code, ticket.vendor_called_at) == (True, "liyuan", MONDAY)
    assert (ticket.vendor_contract, ticket.vendor_contact, ticket.vendor_case_number) == ("HT-1", "梁鹏", "C-9")
    assert (ticket.state, ticket.group, ticket.assignee) == ("in_progress", before.group, before.assignee)
    assert ticket.planned_completion_at == before.planned_completion_at


@pytest.mark.req("INC-14")
def test_vendor_case_is_answered_and_may_be_opened_again(world: World) -> None:
    ticket = incident_in("in_progress", world)
    with pytest.raises(ActionConflict):
        act(ticket, "record_vendor_answer", world.engineer, text="?")

    ticket = act(ticket, "call_vendor", world.engineer, supplier="liyuan", text="请查")
    with pytest.raises(ActionConflict):
        act(ticket, "call_vendor", world.engineer, supplier="liyuan", text="又")
    ticket = act(ticket, "record_vendor_answer", world.engineer, now=MONDAY, text="换了内存")
    assert ticket.vendor_answered_at == MONDAY

    again = act(ticket, "call_vendor", world.engineer, supplier="liyuan", text="又坏了")
    assert again.vendor_answered_at is None


@pytest.mark.req("INC-14", "INC-07")
def test_vendor_s_close_code_needs_a_vendor(world: World) -> None:
    ticket = incident_in("in_progress", world)
    data = {"cause": "?", "handling": "?", "close_code": "tier3"}
    assert refused_fields(ticket, "resolve", world.engineer, **data) == ["close_code"]

    act(ticket, "call_vendor", world.engineer, supplier="liyuan", text="请查")
    assert resolve(ticket, world.engineer, close_code="tier3").close_code_id == "tier3"


@pytest.mark.req("INC-14")
@pytest.mark.parametrize("supplier", ["exchange", "provider", "retired", ""])
def test_call_vendor_takes_active_suppliers_only(world: World, supplier: str) -> None:
    make_organisation("retired", "supplier", active=False)
    data = {"supplier": supplier, "text": "?"}

    assert refused_fields(incident_in("in_progress", world), "call_vendor", world.engineer, **data) == ["supplier"]


@pytest.mark.req("INC-15")
def test_remote_help_needs_recorded_consent(world: World) -> None:
    ticket = act(
        incident_in("in_progress", world),
        "record_remote_consent",
        world.engineer,
        now=MONDAY,
        remote_consent_by="张明，电话",
    )

    assert (ticket.remote_consent_at, ticket.remote_consent_by) == (MONDAY, "张明，电话")
    with pytest.raises(ActionConflict):
        act(ticket, "record_remote_consent", world.engineer, remote_consent_by="再次")


@pytest.mark.req("INC-15")
def test_visit_on_site_records_times_in_order(world: World) -> None:
    ticket = incident_in("in_progress", world)
    wrong = {"departed_at": "2026-11-23T10:00", "arrived_at": "2026-11-23T09:00"}
    assert refused_fields(ticket, "record_on_site", world.engineer, **wrong) == ["arrived_at"]

    ticket = act(ticket, "record_on_site", world.engineer, departed_at="2026-11-23T09:00")
    ticket = act(ticket, "record_on_site", world.engineer, arrived_at="2026-11-23T10:00")

    assert (ticket.departed_at, ticket.arrived_at) == (MONDAY, MONDAY + HOUR)
    assert ticket.on_site_completed_at is None


@pytest.mark.req("INC-15")
def test_backup_is_confirmed_by_a_person(world: World) -> None:
    ticket = incident_in("in_progress", world)
    assert refused_fields(ticket, "confirm_backup", world.engineer, text="全库") == ["confirmed"]

    ticket = act(ticket, "confirm_backup", world.engineer, now=MONDAY, confirmed="on", text="全库备份")

    assert (ticket.backup_confirmed_at, ticket.backup_confirmed_by) == (MONDAY, world.engineer)


@pytest.mark.req("TKT-03")
def test_edit_logs_old_and_new_values_and_keeps_what_is_left_out(world: World) -> None:
    ticket = incident_in("in_progress", world, description="原文", category="hw-net")
    edited = act(ticket, "edit", world.engineer, summary="主机宕机", category="hw-srv")

    assert (edited.summary, edited.description, edited.category.code) == ("主机宕机", "原文", "hw-srv")
    assert changes(edited) == {"summary": ("主机无法登录", "主机宕机"), "category": ("hw-net", "hw-srv")}
    assert edited.version == ticket.version + 1


@pytest.mark.req("TKT-03")
def test_edit_without_a_change_makes_no_new_version(world: World) -> None:
    ticket = incident_in("in_progress", world)

    assert act(ticket, "edit", world.engineer, summary=ticket.summary).version == ticket.version
