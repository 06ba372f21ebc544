"""Separation of duties and approving by the link of a mail, attacked on changes, page and API (CHG-03, changes.md)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from approvals.decisions.deciding import decide, decide_many
from approvals.delegation.delegating import delegate
from approvals.models import ApprovalRound, Decision
from changes.models import Change
from notifications.models import Notice
from tests.api.client import Api
from tests.changes.making import request, role, staffed
from tests.factories import MONDAY, World, act, make_user, reload_user
from tickets.errors import ActionConflict, ActionForbidden, ActionNotFound

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03")]
REFUSED = (ActionForbidden, ActionNotFound)


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def asked(world: World, kind: str = "simple", **typed: Any) -> Any:
    """The open round about a change that the lead asked for."""
    change = act(request(world, kind, **typed), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    if kind == "major":
        assessor = make_user("assessor", "change_manager")
        change = act(change, "assess", assessor, now=MONDAY, risk="high", assessment="大")
    change = act(change, "ask_approval", world.lead, now=MONDAY, text="请审批")
    return ApprovalRound.objects.get(ticket=change.pk, outcome="open")


def signed_in(person: Any) -> Client:
    """A browser of ``person``."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(reload_user(person))
    return client


def state(made: ApprovalRound) -> str:
    """Where the change stands."""
    return str(Change.objects.get(pk=made.ticket_id).state)


@pytest.mark.slow
def test_the_link_of_the_mail_is_no_key(world: World) -> None:
    """Scanners, a forwarded mail, nobody signed in, a second click: one decision, by the person who was asked."""
    made = asked(world)
    told = Notice.objects.get(event="approval_asked", ticket=made.ticket_id)
    url = told.payload["path"]
    form = {"verdict": "approve", "digest": made.digest}
    nobody = Client()
    for _scanner in range(10):
        assert nobody.get(url).status_code == 302
        assert nobody.head(url).status_code == 302
    assert nobody.post(url, form).status_code == 302
    owner = signed_in(world.approver)
    for _scanner in range(10):
        assert owner.get(url).status_code == 200
    forwarded_to = (world.engineer2, world.requester, world.vendor, world.lead)
    for person in forwarded_to:
        assert signed_in(person).post(url, form).status_code in (403, 404)
    assert not Decision.objects.exists()
    assert state(made) == "approving"
    assert owner.post(url, form).status_code == 302
    assert owner.post(url, form).status_code == 409
    assert Api(world.approver).post(f"approvals/{made.pk}/decide/", form).status_code == 409
    assert (Decision.objects.count(), state(made)) == (1, "scheduled")


def test_a_link_without_the_token_of_the_page_decides_nothing(world: World) -> None:
    """Another site that makes the browser post it has no token."""
    made = asked(world)
    client = Client(enforce_csrf_checks=True)
    client.force_login(reload_user(world.approver))
    assert client.post(f"/approvals/{made.pk}/", {"verdict": "approve", "digest": made.digest}).status_code == 403
    assert not Decision.objects.exists()


@pytest.mark.parametrize("how", ["withdraw_question", "cancel", "edit"])
def test_a_link_of_a_round_that_is_over_decides_nothing(world: World, how: str) -> None:
    """Withdrawn, cancelled, or asked anew because the content changed: the old mail is dead."""
    made = asked(world)
    change = Change.objects.get(pk=made.ticket_id)
    typed: dict[str, Any] = {"text": "重来"}
    if how == "edit":
        typed = {"planned_end": "2026-11-24T23:00", "let_approvals_fall": "on"}
    act(change, how, world.lead, now=MONDAY, **typed)
    form = {"verdict": "approve", "digest": made.digest}
    assert signed_in(world.approver).post(f"/approvals/{made.pk}/", form).status_code == 409
    assert Api(world.approver).post(f"approvals/{made.pk}/decide/", form).status_code == 409
    assert not Decision.objects.exists()
    assert state(made) in ("accepted", "cancelled")


def test_what_changed_while_the_page_was_open_is_not_approved(world: World) -> None:
    """Also when the text was changed around every door: the digest of what was read is another one."""
    made = asked(world)
    Change.objects.filter(pk=made.ticket_id).update(plan="删除全部数据")
    form = {"verdict": "approve", "digest": made.digest}
    assert signed_in(world.approver).post(f"/approvals/{made.pk}/", form).status_code == 409
    with pytest.raises((ActionConflict, ActionForbidden)):
        decide(pk=made.pk, user=reload_user(world.approver), verdict="approve", now=MONDAY)
    assert state(made) != "scheduled"


def test_a_role_that_was_lost_after_the_mail_decides_nothing(world: World) -> None:
    made = asked(world)
    world.approver.roles.clear()
    form = {"verdict": "approve", "digest": made.digest}
    assert signed_in(world.approver).post(f"/approvals/{made.pk}/", form).status_code in (403, 404)
    assert Api(world.approver).post(f"approvals/{made.pk}/decide/", form).status_code in (401, 403, 404)
    with pytest.raises(REFUSED):
        decide(pk=made.pk, user=reload_user(world.approver), verdict="approve", now=MONDAY)


@pytest.mark.slow
def test_nobody_approves_an_own_change_by_another_hat(world: World) -> None:
    """The requester holds the role; stands in for who holds it; is stood in for; the group implements a major one."""
    role(world.lead, "change_approver")
    span: dict[str, Any] = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(days=9), "now": MONDAY}
    delegate(person=world.approver, deputy=world.lead, by=world.approver, **span)
    delegate(person=reload_user(world.lead), deputy=world.engineer2, by=world.lead, **span)
    made = asked(world)
    form = {"verdict": "approve", "digest": made.digest}
    for person in (world.lead, world.engineer2):
        assert signed_in(person).post(f"/approvals/{made.pk}/", form).status_code in (403, 404)
        assert Api(person).post(f"approvals/{made.pk}/decide/", form).status_code in (403, 404)
    assert not Decision.objects.exists()

    head = world.people["head"]
    world.engineer.support_groups.get().members.add(head)
    major = asked(world, "major", planned_start="2026-11-26T20:00", planned_end="2026-11-26T22:00")
    with pytest.raises(REFUSED):
        decide(pk=major.pk, user=reload_user(head), verdict="approve", now=MONDAY)


def test_nobody_decides_for_somebody_who_did_not_ask_them_to(world: World) -> None:
    """Neither by naming them, nor at a step that is not open yet."""
    made = asked(world, "major")
    for person in (world.people["leader"], world.approver, world.manager, world.admin):
        answer = Api(person).post(
            f"approvals/{made.pk}/decide/",
            {"verdict": "approve", "digest": made.digest, "for_person": "head"},
        )
        assert answer.status_code in (400, 403, 404)
    assert not Decision.objects.exists()


def test_in_bulk_the_own_one_is_left_and_named(world: World) -> None:
    role(world.approver, "first_line")
    own = act(
        request(world, requester="approver", planned_start="2026-11-27T20:00", planned_end="2026-11-27T22:00"),
        "submit",
        world.lead,
        now=MONDAY,
    )
    other = make_user("second", "change_approver")
    own = act(own, "accept", world.people["changer"], now=MONDAY)
    own = act(own, "ask_approval", world.lead, now=MONDAY)
    rounds = [asked(world), ApprovalRound.objects.get(ticket=own.pk)]
    done, refused = decide_many(
        pks=[one.pk for one in rounds], user=reload_user(world.approver), verdict="approve", reason=""
    )
    assert (len(done), [one.pk for one in refused]) == (1, [rounds[1].pk])
    assert [state(one) for one in rounds] == ["scheduled", "approving"]
    decide(pk=rounds[1].pk, user=reload_user(other), verdict="approve", now=MONDAY)
    assert state(rounds[1]) == "scheduled"


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_schedule_it_once_and_tell_those_affected_once(world: World) -> None:
    people = [world.approver, make_user("second", "change_approver")]
    made = asked(world)
    begin, said = threading.Barrier(2), []

    def run(person: Any) -> None:
        try:
            begin.wait()
            decide(pk=made.pk, user=reload_user(person), verdict="approve")
            said.append("done")
        except (ActionConflict, ActionForbidden):
            said.append("late")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    change = Change.objects.get(pk=made.ticket_id)
    assert (sorted(said), change.state) == (["done", "late"], "scheduled")
    assert (Decision.objects.count(), change.affected_notices.count()) == (1, 1)
    assert Notice.objects.filter(event="change_told", ticket=change.pk).count() == 1
