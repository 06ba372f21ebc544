"""What an import makes of an incident: the ticket, its timeline, the people and things that it names."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from accounts.models import Organisation, User
from cmdb.models import ConfigurationItem
from importing.progress import LINES_EVERY, ProgressBar
from incidents.models import Incident
from tests.factories import World, act, make_organisation
from tests.importing.exports import life, run_import, snapshot, update, write_export
from tickets.clock import NO_LIMIT
from tickets.database.numbers import allocate_number
from tickets.models import Category, ExternalReference, Ticket, TimelineEntry
from tickets.signals import action_performed
from tickets.timeline import entries_for, present

pytestmark = [pytest.mark.req("ADM-04"), pytest.mark.django_db]


def imported(tmp_path: Path, rows: list[dict[str, str]], **options: Any) -> Incident:
    """The only incident of ``rows``, after the import."""
    run_import(write_export(tmp_path / "log.csv", rows), **options)
    return Incident.objects.get(external_system="servicenow")


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in February or March 2016 in the portal's zone."""
    month, day = (3, day - 29) if day > 29 else (2, day)
    return datetime(2016, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def test_ticket_has_the_values_of_the_last_update(tmp_path: Path) -> None:
    rows = life(assigned_to="Resolver 31")
    rows[-1] |= {"priority": "1 - Critical", "impact": "1 - High", "urgency": "3 - Low", "made_sla": "false"}
    rows[-1] |= {"assigned_to": "Resolver 89", "vendor": "Vendor 1"}
    ticket = imported(tmp_path, rows)
    assert (ticket.kind, ticket.number, ticket.external_number) == ("incident", "IM160229000001", "INC0000001")
    assert (ticket.state, ticket.phase, ticket.priority_id, ticket.priority_rank) == ("closed", "closed", "P1", 1)
    assert (ticket.impact_id, ticket.urgency_id, ticket.source_id, ticket.nature_id) == (
        "I2",
        "low",
        "phone",
        "incident",
    )
    assert (ticket.close_code_id, ticket.completed_in_time, ticket.vendor_needed) == ("tier1", False, True)
    assert ticket.summary == "Category 55 / Subcategory 170 / Symptom 72"
    assert ticket.description == "Location 143"
    assert ticket.category
    assert ticket.category.path_en == ticket.summary
    assert ticket.assignee
    assert ticket.assignee.username == "imported-resolver-89"
    assert ticket.queue_due_at == NO_LIMIT


def test_ticket_has_its_own_times(tmp_path: Path) -> None:
    ticket = imported(
        tmp_path, life("INC1", "New", "Active", "Awaiting Vendor", "Awaiting Vendor", "Active", "Closed")
    )
    assert (ticket.created_at, ticket.updated_at) == (local(29, 1, 16), local(29, 7))
    assert (ticket.assigned_at, ticket.responded_at) == (local(29, 2), local(29, 3))
    assert (ticket.resolved_at, ticket.closed_at) == (local(29, 11, 29), local(34, 12))
    assert (ticket.waited, ticket.waiting_since, ticket.wait_reason_id) == (timedelta(hours=2), None, None)
    assert ticket.planned_response_at == local(29, 9, 30)
    assert ticket.planned_completion_at == local(29, 12)  # waiting for the vendor pauses nothing
    assert ticket.responded_in_time is True


def test_times_that_the_export_lacks_come_from_the_updates(tmp_path: Path) -> None:
    ticket = imported(tmp_path, life(opened_at="?", resolved_at="?", closed_at="?"))
    assert (ticket.created_at, ticket.resolved_at, ticket.closed_at) == (local(29, 2), local(29, 4), local(29, 5))


def test_every_update_is_an_entry_at_its_own_time(tmp_path: Path) -> None:
    rows = life(cmdb_ci="cmdb_ci 31")
    rows[1] |= {"assigned_to": "Resolver 31", "assignment_group": "Group 24"}
    entries = list(imported(tmp_path, rows).timeline.all())
    assert [(entry.action, entry.state_from, entry.state_to, entry.at) for entry in entries] == [
        ("register", "", "assigned", local(29, 2)),
        ("imported", "assigned", "in_progress", local(29, 3)),
        ("imported", "in_progress", "resolved", local(29, 4)),
        ("imported", "resolved", "closed", local(29, 5)),
    ]
    assert {(entry.via, entry.actor.username) for entry in entries if entry.actor} == {
        ("import", "imported-updated-by-21")
    }
    assert entries[1].changes == [
        {"field": "group", "old": named("group", 56), "new": named("group", 24)},
        {"field": "assignee", "old": None, "new": named("resolver", 31)},
    ]
    assert entries[1].data == {"state": "Active", "export": {"sys_mod_count": "1"}}
    assert entries[0].data["items"] == {"id": entries[0].data["items"]["id"], "zh": SHOWN_ITEM, "en": SHOWN_ITEM}
    assert entries[0].data["export"]["closed_code"] == "code 5"


SHOWN_ITEM = "imported-cmdb_ci 31 cmdb_ci 31"


def named(kind: str, number: int) -> dict[str, str]:
    """A named row as entries have it."""
    name = f"{kind.title()} {number}"
    return {"id": f"imported-{kind}-{number}", "zh": name, "en": name}


def test_timeline_can_be_read_by_an_agent(tmp_path: Path, world: World) -> None:
    ticket = imported(tmp_path, life("INC1", "New", "-100", "Awaiting User Info"))
    with translation.override("en"):
        lines = present(entries_for(ticket, world.engineer), world.engineer, ticket.kind_info)
    assert [line.title for line in lines[1:]] == [
        "was -100 in the system it was imported from",
        "was Awaiting User Info in the system it was imported from",
    ]
    assert [change.field for change in lines[2].changes] == ["state", "wait_reason"]


@pytest.mark.parametrize(
    ("word", "group", "state", "reason"),
    [
        ("New", "Group 1", "assigned", None),
        ("New", "?", "registered", None),
        ("Active", "?", "in_progress", None),
        ("Awaiting User Info", "?", "pending", "requester"),
        ("Awaiting Vendor", "?", "pending", "vendor"),
        ("Awaiting Problem", "?", "pending", "problem"),
        ("Awaiting Evidence", "?", "pending", "other"),
        ("Resolved", "?", "resolved", None),
        ("Closed", "?", "closed", None),
    ],
)
def test_states_of_the_log_have_their_counterparts(
    tmp_path: Path, word: str, group: str, state: str, reason: str | None
) -> None:
    ticket = imported(tmp_path, [update(incident_state=word, assignment_group=group)])
    assert (ticket.state, ticket.wait_reason_id) == (state, reason)


def test_open_ticket_stays_open_without_an_end(tmp_path: Path) -> None:
    ticket = imported(tmp_path, life("INC1", "New", "Active", "Resolved", "Active", "Awaiting Vendor"))
    assert (ticket.phase, ticket.resolved_at, ticket.closed_at, ticket.resolved_by) == ("waiting", None, None, None)
    assert (ticket.close_code, ticket.completed_in_time) == (None, None)
    assert (ticket.waiting_since, ticket.waited) == (local(29, 6), None)


def test_damaged_state_is_reported_by_line_and_the_one_before_stays(tmp_path: Path) -> None:
    path = write_export(tmp_path / "log.csv", life("INC1", "New", "-100", "-100", "Resolved", "Closed"))
    report = tmp_path / "report.csv"
    out = run_import(path, report=report)
    assert "line 3: INC1 incident_state '-100': unknown state: the state before it stays" in out
    assert report.read_text(encoding="utf-8-sig").splitlines() == [
        "line,number,column,value,finding",
        "3,INC1,incident_state,'-100,unknown state: the state before it stays",
        "4,INC1,incident_state,'-100,unknown state: the state before it stays",
    ]
    assert list(TimelineEntry.objects.values_list("state_to", flat=True)) == [
        "assigned",
        "assigned",
        "assigned",
        "resolved",
        "closed",
    ]


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"priority": "9 - ?"}, "line 3: INC1 priority '9 - ?': unknown word: the value before it stays"),
        ({"contact_type": "Pigeon"}, "line 3: INC1 contact_type 'Pigeon': unknown word: the value before it stays"),
        ({"resolved_at": "31/2/2016 01:00"}, "resolved_at '31/2/2016 01:00': unreadable time: left empty"),
        ({"closed_at": "5/3/2996 12:00"}, "closed_at '5/3/2996 12:00': time before 1970 or in the future: left empty"),
        ({"reopen_count": "many"}, "reopen_count 'many': not a whole number: the value before it stays"),
        ({"sys_updated_at": "28/2/2016 02:00"}, "earlier than the update before it: kept"),
        ({"reassignment_count": "0"}, "line 3: INC1 reassignment_count '0': counter went down: kept"),
        ({"resolved_at": "1/2/2016 01:00"}, "solved or closed before it was opened"),
        ({"category": "?"}, "line 3: INC1 subcategory 'Subcategory 170': category without the level above it"),
        ({"caller_id": "x" * 101}, "name longer than 100 characters: left empty"),
        ({"problem_id": "PRB\x07"}, "characters that no text may contain: left empty"),
        ({"sys_updated_at": "?"}, "line 3: INC1 sys_updated_at '?': no readable time of the update: row left out"),
        ({"number": "?"}, "no ticket number: row left out"),
    ],
)
def test_damage_is_reported_by_line(tmp_path: Path, changed: dict[str, str], finding: str) -> None:
    rows = life("INC1", "New", "Closed", reassignment_count="1")
    rows[1] |= changed
    out = run_import(write_export(tmp_path / "log.csv", rows), dry_run=True)
    assert finding in out
    assert "line 3" in out


def test_row_with_missing_cells_is_left_out(tmp_path: Path) -> None:
    path = write_export(tmp_path / "log.csv", life("INC1", "New", "Closed"))
    path.write_text(path.read_text(encoding="utf-8") + "INC1,Closed,false\n", encoding="utf-8")
    assert "line 4:  '': wrong number of cells: row left out" in run_import(path)
    assert TimelineEntry.objects.count() == 2


def test_rows_of_a_ticket_that_stand_apart_are_reported(tmp_path: Path) -> None:
    path = write_export(tmp_path / "log.csv", [*life("INC1", "New"), *life("INC2", "New"), *life("INC1", "Closed")])
    assert "line 4: INC1 number 'INC1': rows of this ticket stand apart: row left out" in run_import(path)
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("changed", [{"incident_state": "-100"}, {"priority": "?"}])
def test_ticket_without_state_or_priority_is_left_out(tmp_path: Path, changed: dict[str, str]) -> None:
    out = run_import(write_export(tmp_path / "log.csv", [update(**changed), *life("INC2")]))
    assert "in any row: ticket left out" in out
    assert list(Ticket.objects.values_list("external_number", flat=True)) == ["INC2"]


def test_file_with_nothing_to_import_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nothing in this file can be imported"):
        run_import(write_export(tmp_path / "log.csv", [update(sys_updated_at="2016-02-29")]))


def test_missing_values_are_no_damage(tmp_path: Path) -> None:
    kept = ("number", "incident_state", "sys_updated_at", "priority")
    row = {column: value if column in kept else "?" for column, value in update().items()}
    path = write_export(tmp_path / "log.csv", [row])
    assert "No damaged values" in run_import(path)
    ticket = Incident.objects.get()
    assert (ticket.summary, ticket.requester, ticket.group) == ("INC0000001", None, None)
    assert ticket.organisation.code == "imported-customer"


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    before = snapshot()
    out = run_import(write_export(tmp_path / "log.csv", life()), dry_run=True)
    assert "1 incidents with 4 events" in out
    assert "Checked only: nothing was written." in out
    assert snapshot() == before
    assert not Organisation.objects.filter(code="imported-customer").exists()


def test_people_and_groups_are_switched_off(tmp_path: Path) -> None:
    ticket = imported(tmp_path, life())
    caller, agent = ticket.requester, ticket.registered_by
    assert caller
    assert agent
    assert ticket.group
    assert (caller.username, caller.full_name) == ("imported-caller-1", "Caller 1")
    assert (caller.organisation.code, agent.organisation.kind) == ("imported-customer", Organisation.Kind.PROVIDER)
    assert not User.objects.filter(username__startswith="imported-", is_active=True).exists()
    assert not caller.has_usable_password()
    assert (ticket.group.tier, ticket.group.active) == ("tier1", False)
    assert not Category.objects.active().filter(code__startswith="imported-").exists()


def test_import_for_an_existing_customer(tmp_path: Path) -> None:
    acme = make_organisation("acme")
    ticket = imported(tmp_path, life(cmdb_ci="cmdb_ci 1"), customer="acme")
    assert ticket.organisation == acme
    assert ConfigurationItem.objects.get(identifier="imported-cmdb_ci 1").organisation == acme
    assert not Organisation.objects.filter(code="imported-customer").exists()


def test_relations_are_those_of_the_last_update(tmp_path: Path) -> None:
    rows = life(rfc="CHG0000132", problem_id="Problem ID  2")
    rows[-1] |= {"problem_id": "Problem ID  14", "caused_by": "CHG0000132"}
    imported(tmp_path, rows)
    assert set(ExternalReference.objects.values_list("system", "kind", "meaning", "reference")) == {
        ("servicenow", "problem", "related_to", "Problem ID 14"),
        ("servicenow", "change", "related_to", "CHG0000132"),
        ("servicenow", "change", "caused_by", "CHG0000132"),
    }


def test_reopening_is_counted_and_shown(tmp_path: Path) -> None:
    rows = life("INC1", "New", "Resolved", "Active", "Resolved", "Closed")
    for row in rows[2:]:
        row["reopen_count"] = "1"
    ticket = imported(tmp_path, rows)
    assert ticket.reopen_count == 1
    entry = ticket.timeline.get(state_from="resolved", state_to="in_progress")
    assert entry.changes == [{"field": "reopen_count", "old": 0, "new": 1}]


def test_rerun_changes_nothing_and_says_so(tmp_path: Path) -> None:
    path = write_export(tmp_path / "log.csv.gz", [*life("INC1"), *life("INC2")])
    run_import(path)
    before = snapshot()
    out = run_import(path)
    assert "2 incidents were there already and stayed as they are." in out
    assert "Nothing to do" in out
    assert snapshot() == before


def test_longer_log_brings_new_tickets_and_leaves_known_ones(tmp_path: Path) -> None:
    run_import(write_export(tmp_path / "log.csv", life("INC1", "New", "Active")))
    out = run_import(write_export(tmp_path / "log.csv", [*life("INC1"), *life("INC2")]))
    assert "Imported 1 incidents with 4 events" in out
    assert "1 of them have more events in this file than were imported: INC1" in out
    assert Ticket.objects.get(external_number="INC1").timeline.count() == 2


def test_live_tickets_of_the_same_day_get_the_next_numbers(tmp_path: Path) -> None:
    assert allocate_number("IM", local(29, 0, 30)) == "IM160229000001"
    path = write_export(
        tmp_path / "log.csv", [*life("INC1"), *life("INC2"), *life("INC3", opened_at="1/3/2016 00:10")]
    )
    run_import(path, batch=1)
    numbers = Ticket.objects.order_by("external_number").values_list("number", flat=True)
    assert list(numbers) == ["IM160229000002", "IM160229000003", "IM160301000001"]
    assert allocate_number("IM", local(29, 23)) == "IM160229000004"


def test_nothing_fires(tmp_path: Path) -> None:
    heard: list[Any] = []
    action_performed.connect(heard.append)
    try:
        imported(tmp_path, life("INC1", "New", "Active"))
    finally:
        action_performed.disconnect(heard.append)
    assert heard == []


def test_open_imported_ticket_goes_on_in_the_portal(tmp_path: Path, world: World) -> None:
    ticket = imported(tmp_path, life("INC1", "New", assignment_group="?"))
    assigned = act(ticket, "assign", world.desk, group="host", assignee="engineer")
    started = act(assigned, "start", world.engineer)
    assert (started.state, started.assignee) == ("in_progress", world.engineer)
    assert [entry.via for entry in started.timeline.all()] == ["import", "web", "web"]


def test_gb18030_export_keeps_its_characters(tmp_path: Path) -> None:
    path = write_export(tmp_path / "log.csv", life(caller_id="张伟", category="网络\\故障"), encoding="gb18030")
    run_import(path)
    ticket = Incident.objects.get()
    assert ticket.requester
    assert ticket.requester.full_name == "张伟"
    assert ticket.summary.startswith("网络\\故障 / ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.csv", "--mapping", "servicenow"], "missing.csv cannot be read: No such file or directory."),
        (["missing.csv", "--mapping", "remedy"], "There is no mapping remedy."),
        (["missing.csv", "--mapping", "servicenow", "--batch", "0"], "--batch must be at least 1."),
        (["missing.csv", "--mapping", "servicenow", "--customer", "nobody"], "no customer with the code nobody"),
    ],
)
def test_wrong_call_ends_with_a_plain_sentence(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("import_history", *arguments, stdout=StringIO())
    assert message in str(refused.value)


def test_bar_is_drawn_on_a_terminal_and_logs_get_lines(tmp_path: Path) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    path = write_export(tmp_path / "log.csv", life())
    screen, quiet = Terminal(), StringIO()
    call_command("import_history", str(path), mapping="servicenow", stdout=StringIO(), stderr=screen)
    assert "Importing [##############################] 100%  1 incidents" in screen.getvalue()
    call_command("import_history", str(path), mapping="servicenow", stdout=quiet, stderr=quiet, verbosity=0)
    assert quiet.getvalue() == ""


def test_where_no_terminal_is_a_line_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    log = StringIO()
    bar = ProgressBar(log, "Importing", "incidents")
    bar.show(1, 0.1)
    assert log.getvalue() == ""  # nothing has to be told yet
    bar.started -= LINES_EVERY
    bar.show(5, 0.5)
    bar.show(6, 0.6)
    bar.clear()
    assert log.getvalue() == "Importing: 50%, 5 incidents\n"


def test_the_last_line_says_what_was_left_out(tmp_path: Path) -> None:
    path = write_export(
        tmp_path / "log.csv", [*life("INC1", "New"), update(priority="?", number="INC3"), *life("INC2")]
    )
    path.write_text(path.read_text(encoding="utf-8") + "INC9,Closed,false\n", encoding="utf-8")
    last = "Left out: 2 rows or tickets; the report above says which and why."
    assert run_import(path, dry_run=True).strip().splitlines()[-1] == last
    assert run_import(path).strip().splitlines()[-1] == last
    assert (
        run_import(write_export(tmp_path / "b.csv", life("INC7"))).strip().splitlines()[-1] == "Nothing was left out."
    )
