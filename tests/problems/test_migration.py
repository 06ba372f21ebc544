"""Solutions that waited before rounds knew them go on waiting, as far as they were decided (PRB-06)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound
from problems.models import Problem
from tests.factories import MONDAY, World, reload_user
from tests.problems.conftest import Staff
from tests.problems.test_life import proposed, raise_problem

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.req("PRB-06")]
BEFORE = [("problems", "0002_problems")]


@pytest.fixture
def waiting(world: World, staff: Staff) -> Iterator[Problem]:
    """A problem of high level whose solution the supervisor has agreed to, in the columns of before."""
    problem = proposed(raise_problem(world), staff, "high")
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    old = executor.migrate(BEFORE).apps.get_model("problems", "Problem")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # as tests empty tables
        cursor.execute("TRUNCATE approvals_approvalround CASCADE")
    old.objects.filter(pk=problem.pk).update(
        proposed_by_id=staff.owner.pk, proposed_at=MONDAY, supervised_by_id=staff.supervisor.pk, supervised_at=MONDAY
    )
    yield problem
    MigrationExecutor(connection).migrate(leaves)


def test_what_the_supervisor_agreed_to_is_a_decision(world: World, staff: Staff, waiting: Problem) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    made = ApprovalRound.objects.get()
    assert [(step.outcome, step.decisions.count()) for step in made.steps.all()] == [("approved", 1), ("open", 0)]
    assert set(made.asks.filter(waits=True).values_list("person__username", flat=True)) == {"pm", "admin"}
    decide(pk=made.pk, user=reload_user(staff.manager), verdict="approve", digest=made.digest)
    assert Problem.objects.get().state == "approved"
