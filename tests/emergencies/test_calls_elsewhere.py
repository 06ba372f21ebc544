"""Calling in for what is no emergency, but late or difficult (MAJ-02)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories import World, act, incident_in, reload_user, resolve
from tickets.actions import available_actions
from tickets.errors import ActionConflict
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("MAJ-02")]


def test_the_manager_calls_in_for_an_ordinary_ticket(world: World) -> None:
    ticket = incident_in("in_progress", world)
    ticket = act(ticket, "call_in", world.manager, people=["other_engineer"], groups=[], text="需要网络组")
    called = reload_user(world.other_engineer)
    assert Ticket.objects.visible_to(called).filter(pk=ticket.pk).exists()
    page = Client()
    page.force_login(world.manager)
    assert "Other_Engineer" in page.get(ticket.get_absolute_url()).content.decode()

    ticket = act(ticket, "answer_coming", called)
    ticket = act(ticket, "join_call", called)
    assert [(call.person.username, call.answer) for call in ticket.calls] == [("other_engineer", "joined")]
    assert not ticket.in_emergency
    ticket = resolve(ticket, world.engineer)
    assert "answer_cannot" not in [item.action.name for item in available_actions(ticket, called)]


def test_people_called_in_after_an_emergency_was_lowered_answer(world: World) -> None:
    ticket = incident_in("in_progress", world, impact="I1")
    ticket = act(ticket, "change_priority", world.manager, impact="I4", text="已恢复大半")
    assert not ticket.in_emergency
    ticket = act(ticket, "edit", world.engineer, complexity="3")
    ticket = act(ticket, "call_in", world.manager, people=["other_engineer"], groups=[], text="仍然棘手")

    ticket = act(ticket, "answer_coming", reload_user(world.other_engineer))

    assert [(call.person.username, call.answer) for call in ticket.calls] == [("other_engineer", "coming")]


def test_the_lead_calls_in_for_what_is_late_or_difficult(world: World) -> None:
    ticket = incident_in("in_progress", world)
    data: dict[str, Any] = {"people": ["other_engineer"], "groups": [], "text": "?"}
    with pytest.raises(ActionConflict):
        act(ticket, "call_in", world.lead, **data)
    hard = act(ticket, "edit", world.engineer, complexity="3")

    assert act(hard, "call_in", world.lead, **data).called_in_at is not None
