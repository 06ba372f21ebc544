"""Priorities that were proposed before rounds knew them go on waiting for those who could decide (INC-04)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound
from incidents.models import Incident
from tests.factories import World, incident_in, reload_user

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.req("INC-04")]
BEFORE = [("tickets", "0018_rounds_open"), ("incidents", "0007_occurrence")]


@pytest.fixture
def waiting(world: World) -> Iterator[Incident]:
    """An incident with a proposal in the columns of before; the database is as it was then."""
    ticket = incident_in("in_progress", world)
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    old = executor.migrate(BEFORE).apps.get_model("incidents", "Incident")
    old.objects.filter(pk=ticket.pk).update(
        requested_impact_id="I2", requested_priority_id="P2", priority_requested_by_id=world.engineer.pk
    )
    yield ticket
    MigrationExecutor(connection).migrate(leaves)


def test_a_proposal_that_waits_is_a_round_afterwards(world: World, waiting: Incident) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    ticket, made = Incident.objects.get(), ApprovalRound.objects.get()
    assert (ticket.requested_priority.pk, ticket.priority_requested_by) == ("P2", world.engineer)  # type: ignore[union-attr]
    assert set(made.asks.values_list("person__username", flat=True)) == {"lead", "manager", "owner", "admin"}
    decide(pk=made.pk, user=reload_user(world.lead), verdict="approve", digest=made.digest)
    ticket = Incident.objects.get()
    assert (ticket.priority_id, ticket.rounds_open) == ("P2", 0)
