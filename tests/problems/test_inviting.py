"""Customers are invited to a discussion: by the outbox, in their language, each its own part (PRB-10, ORG-03)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organisation
from notifications.models import Delivery, Notice
from problems.models import Problem
from tests.api.client import Api
from tests.factories import MONDAY, World, act, make_user, register_incident
from tests.problems.conftest import Staff
from tests.problems.test_life import assigned, raise_problem
from tickets.errors import ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("PRB-10")]
ASKED = {"discussed_at": "2099-12-01T10:00", "topic": "行情延迟的根治", "text_zh": "请参加讨论", "text_en": ""}


@pytest.mark.req("ORG-03", "NTF-01")
def test_each_customer_reads_its_own_part(world: World, staff: Staff) -> None:
    other = Organisation.objects.create(code="other", kind="customer", name_zh="他客户", name_en="Other customer")
    theirs = make_user("theirs", "requester", organisation=other, language="en")
    own = register_incident(world.desk, requester="requester", now=MONDAY)
    foreign = register_incident(world.desk, requester="theirs", now=MONDAY)
    problem = assigned(raise_problem(world, own, foreign), staff)
    with timezone.override("UTC"):  # as a program does it, and for readers in whatever zones
        asked = {**ASKED, "discussed_at": "2099-12-01T10:00+08:00"}
        problem = act(problem, "invite", staff.owner, now=MONDAY, contacts=["requester", "theirs"], **asked)

    notices = _invited()
    assert set(notices) == {world.requester.pk, theirs.pk}
    mine, other_text = (notices[key].payload["text"] for key in (world.requester.pk, theirs.pk))
    assert own.number in mine["zh"]
    assert "2099-12-01 10:00 (UTC+08:00)" in mine["zh"]
    assert foreign.number not in str(mine)
    assert foreign.number in other_text["en"]
    assert own.number not in str(other_text)
    assert "It is about your tickets" in other_text["en"]
    assert "请参加讨论" in other_text["en"]
    assert problem.number not in str([mine, other_text])
    assert "theirs" not in mine["zh"]
    assert "discussed_with" not in str(mine)
    assert len(problem.discussed_with.splitlines()) == 2


def _invited() -> dict[Any, Notice]:
    """By whom each was sent to."""
    return {
        Delivery.objects.filter(notice=notice).values_list("recipient", flat=True)[0]: notice
        for notice in Notice.objects.filter(event="problem_invited")
    }


def test_what_cannot_be_sent_is_refused(world: World, staff: Staff) -> None:
    problem = assigned(raise_problem(world), staff)
    for wrong, where in (
        ({"contacts": []}, "contacts"),
        ({"contacts": ["engineer"]}, "contacts"),
        ({"text_zh": ""}, "text_zh"),
        ({"discussed_at": "2020-01-01T10:00"}, "discussed_at"),
    ):
        with pytest.raises(ActionInvalid) as refused:
            act(problem, "invite", staff.owner, now=MONDAY, **{**ASKED, "contacts": ["requester"], **wrong})
        assert list(refused.value.form.errors) == [where]
    assert not Notice.objects.filter(event="problem_invited").exists()


@pytest.mark.req("PRB-01", "API-01")
def test_a_program_raises_a_problem_from_monitoring(world: World) -> None:
    program = make_user("probe", "problem_analyst")
    asked = {"summary": "存储阵列坏块持续增长", "problem_source": "monitoring", "level": "medium"}
    made = Api(program).post("problems/", asked)
    assert made.status_code == 201, made.content
    problem = Problem.objects.get()
    assert (problem.problem_source_id, problem.state, problem.timeline.get().via) == (
        "monitoring",
        "registered",
        "api",
    )
    assert Notice.objects.filter(event="problem_raised", ticket_id=problem.pk).exists()
    assert Api(world.requester).post("problems/", asked).status_code == 403
