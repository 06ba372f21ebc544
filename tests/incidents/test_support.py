"""What is on record about the work: vendors, remote help, visits, backups, corrections (INC-14, INC-15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import (
    MONDAY,
    World,
    act,
    incident_in,
    last_entry,
    make_organisation,
    resolve,
)
from tests.incidents.asserting import changes, refused_fields
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-05")]

HOUR = timedelta(hours=1)


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
    again = act(ticket, "record_remote_consent", world.engineer, remote_consent_by="再次")
    assert again.remote_consent_by == "再次"


@pytest.mark.req("INC-15")
def test_visit_on_site_records_times_in_order(world: World) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    wrong = {"departed_at": "2026-11-23T10:00", "arrived_at": "2026-11-23T09:00"}
    assert refused_fields(ticket, "record_on_site", world.engineer, **wrong) == ["arrived_at"]

    ticket = act(ticket, "record_on_site", world.engineer, departed_at="2026-11-23T09:00")
    ticket = act(ticket, "record_on_site", world.engineer, arrived_at="2026-11-23T10:00")

    assert (ticket.departed_at, ticket.arrived_at) == (MONDAY, MONDAY + HOUR)
    assert ticket.on_site_completed_at is None


@pytest.mark.req("INC-15")
@pytest.mark.parametrize("late", ["departed_at", "arrived_at", "on_site_completed_at"])
def test_a_visit_in_the_future_is_refused_beside_its_field(world: World, late: str) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    times = {
        "departed_at": "2026-11-23T09:10",
        "arrived_at": "2026-11-23T09:20",
        "on_site_completed_at": "2026-11-23T09:30",
    }
    names = list(times)[: list(times).index(late) + 1]
    typed = {name: times[name] for name in names} | {late: "2026-11-23T12:00"}

    with pytest.raises(ActionInvalid) as refused:
        act(ticket, "record_on_site", world.engineer, now=MONDAY + HOUR, **typed)

    assert list(refused.value.form.errors) == [late]


@pytest.mark.req("INC-15")
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("record_remote_consent", {"remote_consent_by": "张明"}),
        ("record_on_site", {"departed_at": "2026-11-23T09:00"}),
    ],
)
@pytest.mark.parametrize(("impact", "asked"), [("I3", True), ("I4", False)])
def test_backup_is_asked_for_by_severity_before_the_work(
    world: World, name: str, typed: dict[str, str], impact: str, asked: bool
) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY, impact=impact)
    form = ticket.kind_info.actions[name].form_class(ticket=ticket, user=world.engineer)
    assert ("backup" in form.fields) == asked
    if not asked:
        return

    with pytest.raises(ActionInvalid) as refused:
        act(ticket, name, world.engineer, now=MONDAY + HOUR, **typed)
    assert list(refused.value.form.errors) == ["backup"]
    ticket = act(ticket, name, world.engineer, now=MONDAY + HOUR, **typed, backup="no_risk")
    assert (ticket.backup_confirmed_at, last_entry(ticket).data["backup"]) == (None, "no_risk")
    ticket = act(ticket, name, world.engineer, now=MONDAY + 2 * HOUR, **typed, backup="done")
    assert (ticket.backup_confirmed_at, ticket.backup_confirmed_by) == (MONDAY + 2 * HOUR, world.engineer)
    act(ticket, name, world.engineer, now=MONDAY + 3 * HOUR, **typed)  # asked once, until it was confirmed


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
