"""What even raw SQL cannot do: undeclared states and transitions, changed or removed lines of the log."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.contract.subjects import PLACES, SUBJECTS
from tests.factories import World, incident_in, last_entry
from tickets.database.declared import declared_states, declared_transitions, write_declared_states
from tickets.database.guarding import append_only_models, guard_against_emptying
from tickets.lifecycle import kind_of, kinds
from tickets.models import DeclaredState, DeclaredTransition, Ticket, TimelineEntry

pytestmark = pytest.mark.django_db

PAIRS = [
    (kind.code, source, target)
    for kind in kinds()
    for source, target in product(kind.states.values, kind.states.values)
    if source != target
]


def execute(statement: str, *values: Any) -> None:
    """Run raw SQL in a savepoint."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.req("TKT-06")
@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_raw_sql_follows_declared_transitions_only(world: World, kind: str, state: str) -> None:
    ticket = SUBJECTS[kind](state, world)
    found = {}
    for target in ticket.kind_info.states.values:
        if target == state:
            continue
        with transaction.atomic():
            found[target] = _accepts(ticket, target)
            transaction.set_rollback(True)

    declared = declared_transitions()
    assert found == {to: (k, source, to) in declared for k, source, to in PAIRS if (k, source) == (kind, state)}


def _accepts(ticket: Ticket, target: str) -> bool:
    values = (target, ticket.kind_info.phase_of(target).value, ticket.pk)
    try:
        execute("UPDATE tickets_ticket SET state = %s, phase = %s WHERE id = %s", *values)
    except DatabaseError as refused:
        if f"no action leads from state {ticket.state} to {target}" not in str(refused):
            raise
        return False
    return True


@pytest.mark.req("TKT-06")
@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_raw_sql_cannot_separate_state_and_phase(world: World, kind: str, state: str) -> None:
    ticket = SUBJECTS[kind](state, world)
    for phase in ("open", "waiting", "resolved", "closed", "done"):
        if phase != ticket.phase:
            with pytest.raises(DatabaseError, match="is not declared"):
                execute("UPDATE tickets_ticket SET phase = %s WHERE id = %s", phase, ticket.pk)


@pytest.mark.req("TKT-06")
@pytest.mark.parametrize(
    ("column", "value"), [("state", "reopened"), ("state", ""), ("kind", "task"), ("kind", "problem")]
)
def test_raw_sql_cannot_invent_states_or_change_the_kind(world: World, column: str, value: str) -> None:
    ticket = incident_in("in_progress", world)
    with pytest.raises(DatabaseError, match=r"not declared|no action leads"):
        execute(f"UPDATE tickets_ticket SET {column} = %s WHERE id = %s", value, ticket.pk)  # noqa: S608 - a constant


@pytest.mark.req("TKT-06")
def test_code_that_goes_round_the_door_meets_the_trigger(world: World) -> None:
    ticket = incident_in("registered", world)
    with pytest.raises(DatabaseError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(state="pending", phase="waiting")
    with pytest.raises(AttributeError):
        ticket.state = "pending"


@pytest.mark.req("TKT-06")
def test_declared_tables_equal_the_lifecycles() -> None:
    assert set(DeclaredState.objects.values_list("kind", "state", "phase")) == declared_states()
    assert set(DeclaredTransition.objects.values_list("kind", "source", "target")) == declared_transitions()


@pytest.mark.req("TKT-06")
def test_declared_tables_forget_what_is_no_longer_declared() -> None:
    DeclaredTransition.objects.create(kind="incident", source="closed", target="registered")
    write_declared_states()

    assert set(DeclaredTransition.objects.values_list("kind", "source", "target")) == declared_transitions()


@pytest.mark.req("TKT-03")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tickets_timelineentry SET text = 'x'",
        "UPDATE tickets_timelineentry SET at = now()",
        "UPDATE tickets_timelineentry SET is_public = NOT is_public",
        "DELETE FROM tickets_timelineentry",
        "DELETE FROM tickets_timelineentry WHERE action = 'start'",
    ],
)
def test_log_is_never_changed(world: World, statement: str) -> None:
    incident_in("in_progress", world)
    before = list(TimelineEntry.objects.values())

    with pytest.raises(DatabaseError):
        execute(statement)

    assert list(TimelineEntry.objects.values()) == before


#: Written by hand, so that the code cannot forget one of them. A new table of this kind is added here.
NEVER_EMPTIED = [
    "accounts_accessevent",
    "announcements_announcemententry",
    "approvals_decision",
    "approvals_excluded",
    "approvals_policyversion",
    "changes_affectednotice",
    "changes_collisionoverride",
    "changes_collisionreading",
    "changes_freezeversion",
    "changes_incidentverdict",
    "changes_occurrence",
    "changes_interruption",
    "changes_maintenanceversion",
    "changes_meeting",
    "changes_monthlywords",
    "changes_questionnaireversion",
    "changes_recurrenceversion",
    "changes_riskassessment",
    "changes_templateversion",
    "changes_writeverdict",
    "cmdb_attributeversion",
    "cmdb_businesssystemversion",
    "cmdb_ciclassversion",
    "cmdb_claim",
    "cmdb_complianceruleversion",
    "cmdb_confirmation",
    "cmdb_endlimitversion",
    "cmdb_itemversion",
    "cmdb_relationtypeversion",
    "cmdb_relationversion",
    "cmdb_sourcerankingversion",
    "cmdb_sparemovement",
    "django_admin_log",
    "notifications_attempt",
    "problems_incidentmeeting",
    "reports_figurebaseline",
    "reports_processmeeting",
    "reports_processreview",
    "reports_reportentry",
    "reports_servicereport",
    "sla_calendarday",
    "sla_calendarversion",
    "sla_clockchange",
    "sla_engineswitch",
    "sla_policyversion",
    "sla_segment",
    "sla_target",
    "second_family_loanentry",
    "tickets_timelineentry",
]


@pytest.mark.req("TKT-03", "SEC-03")
def test_the_list_by_hand_names_every_table_that_refuses_removal() -> None:
    """Asked of the database: whatever refuses that a row is removed, under any condition, refuses to be emptied."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " JOIN pg_proc ON pg_proc.oid = tgfoid WHERE NOT tgisinternal AND tgtype & 10 = 10"
            " AND prosrc ILIKE '%cannot%delete%'"
        )
        refusing = {row[0] for row in cursor.fetchall()}
    assert refusing <= set(NEVER_EMPTIED)
    assert {model._meta.db_table for model in append_only_models()} <= set(NEVER_EMPTIED)


@pytest.mark.req("TKT-03", "SEC-03")
@pytest.mark.parametrize("table", NEVER_EMPTIED)
def test_what_is_only_added_to_is_never_emptied(world: World, table: str) -> None:
    """TRUNCATE passes by the triggers of rows; also as a consequence of emptying what the table refers to."""
    incident_in("in_progress", world)
    before = TimelineEntry.objects.count()
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # rows of this transaction that are still to be checked are in the way
    emptied = [f'TRUNCATE "{table}" CASCADE', f'TRUNCATE tickets_ticket, "{table}" RESTART IDENTITY CASCADE']

    for statement in [*emptied, "TRUNCATE tickets_ticket CASCADE"]:
        with pytest.raises(DatabaseError, match="only added"):
            execute(statement)

    assert TimelineEntry.objects.count() == before > 0
    assert guard_against_emptying() == []


@pytest.mark.req("TKT-03")
def test_log_keeps_its_ticket(world: World) -> None:
    """A ticket with a log cannot be removed: its log would go with it."""
    ticket = incident_in("registered", world)
    for remove in (ticket.delete, Ticket.objects.all().delete, last_entry(ticket).delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            remove()

    assert TimelineEntry.objects.filter(ticket=ticket).count() == 1


@pytest.mark.req("TKT-04", "INC-11")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tickets_ticket SET duplicate_of_id = id",
        "UPDATE tickets_ticket SET children_open = children_total + 1",
        "INSERT INTO tickets_ticketlink (source_id, target_id, meaning, created_at)"
        " SELECT id, id, 'related_to', now() FROM tickets_ticket",
    ],
)
def test_database_refuses_what_cannot_be(world: World, statement: str) -> None:
    incident_in("registered", world)
    with pytest.raises(IntegrityError):
        execute(statement)


@pytest.mark.req("TKT-06")
def test_every_state_is_declared_with_its_phase() -> None:
    assert {state for state, _phase in kind_of("incident").phases.items()} == set(kind_of("incident").states.values)
