"""What was written for staff reaches no customer, by any notice: it follows from the audience that each declares.

The first half holds for every reaction there is; the second is written by hand, from the requirements.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from accounts.permissions import Permission
from notifications.models import Delivery, Notice
from notifications.reactions import NOTICES, Happening, Recipients, mentioning, telling_of
from tests.changes.making import request, staffed
from tests.contract.subjects import SUBJECTS
from tests.factories import MONDAY, World, act, incident_in, last_entry
from tickets.lifecycle import kinds
from tickets.services import watch

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-03")]

SECRET = "密码是 hunter2"
#: Neither reads internal notes: people of the customer, and the supplier's.
OUTSIDE = ("requester", "colleague", "vendor")


def written(world: World, kind: str, *, public: bool, private_text: bool = False) -> Happening:
    """Something that the engineer wrote on a ticket of ``kind``."""
    ticket = SUBJECTS[kind](next(iter(SHOWN[kind])), world)
    entry = last_entry(ticket)
    entry.text, entry.is_public = SECRET, public
    return Happening(ticket, entry, world.engineer, MONDAY, private=private_text or not public)


#: The states by which each kind comes to something that may be told.
SHOWN = {kind.code: kind.states.values for kind in kinds()}
#: (kind, names of everything that one of its actions tells).
TOLD = [(kind.code, sorted({name for action in kind.actions for name in kind.told_by(action)})) for kind in kinds()]


def everybody(world: World) -> list[int]:
    """Of the customer, of the supplier and of the staff."""
    return [getattr(world, name).pk for name in (*OUTSIDE, "desk", "lead")]


@pytest.mark.parametrize("public", [True, False])
def test_a_notice_for_staff_reaches_nobody_else(world: World, public: bool) -> None:
    happening = written(world, "incident", public=public)
    staff = [name for name, reaction in NOTICES.items() if reaction.audience is Recipients.STAFF]
    assert len(staff) > 5

    for name in staff:
        reaction = replace(NOTICES[name], whom=lambda happening: everybody(world), about=lambda done: done.ticket)
        telling = telling_of(happening, reaction, set())
        assert telling is not None, name
        assert sorted(telling.readers) == sorted([world.desk.pk, world.lead.pk]), name
        assert not telling.rooms, name


@pytest.mark.parametrize(("kind", "names"), TOLD)
def test_a_notice_for_everybody_says_nothing_that_was_written_for_staff(
    world: World, kind: str, names: list[str]
) -> None:
    happenings = [written(world, kind, public=False), written(world, kind, public=True, private_text=True)]
    for name in names:
        reaction = NOTICES.get(name)  # else a service gives it
        if reaction is not None and reaction.audience is Recipients.EVERYBODY:
            assert all(SECRET not in str(reaction.says(happening)) for happening in happenings), name


def test_what_is_public_is_said(world: World) -> None:
    happening = written(world, "incident", public=True)

    assert {NOTICES[name].says(happening) for name in ("replied", "assigned", "noted", "called_in")} == {SECRET}


@pytest.mark.req("TKT-11")
@pytest.mark.parametrize(("public", "expected"), [(True, [*OUTSIDE, "desk", "lead"]), (False, ["desk", "lead"])])
def test_a_mention_reaches_customers_only_in_what_they_read(world: World, public: bool, expected: list[str]) -> None:
    happening = written(world, "incident", public=public)
    happening.entry.data = {"mentions": [{"id": name} for name in (*OUTSIDE, "desk", "lead")]}

    telling = telling_of(happening, mentioning(happening), set())

    assert telling is not None
    assert sorted(telling.readers) == sorted(getattr(world, name).pk for name in expected)
    assert telling.payload["text"] == SECRET


# --- By example ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Example:
    """In ``state`` ``who`` does ``action``, which tells ``event``; nobody outside hears of it, or reads ``SECRET``."""

    requirement: str
    state: str
    who: str
    action: str
    event: str
    typed: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.requirement}: {self.action}"


EXAMPLES = [
    Example("TKT-03, internal comments", "in_progress", "desk", "note", "noted"),
    Example("INC-05, back to the desk", "in_progress", "engineer", "return_to_desk", "returned"),
    Example("INC-04, priority", "in_progress", "engineer", "propose_priority", "priority_asked", {"impact": "I2"}),
    Example("INC-05, another group", "in_progress", "engineer", "hand_over", "assigned", {"group": "network"}),
]


def heard_outside(event: str) -> list[Any]:
    """The deliveries to people who read no internal notes; some notice of ``event`` there must be."""
    told = Delivery.objects.filter(recipient__isnull=False).select_related("recipient", "notice")
    assert told.filter(notice__event=event).exists()
    return [row for row in told if row.recipient is not None and not row.recipient.may(Permission.INTERNAL)]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_staffs_own_business_stays_with_staff(world: World, example: Example) -> None:
    ticket = incident_in(example.state, world)
    for name in OUTSIDE:
        watch(ticket=ticket, user=getattr(world, name))
    Notice.objects.all().delete()

    act(ticket, example.action, getattr(world, example.who), text=SECRET, **example.typed)

    found = heard_outside(example.event)
    assert {row.notice.event for row in found} <= {"moved"}
    assert [row for row in found if SECRET in str(row.notice.payload)] == []


@pytest.mark.req("CHG-02")
@pytest.mark.parametrize(("action", "event"), [("send_back", "change_sent_back"), ("reject", "change_given_up")])
def test_a_customer_who_asked_for_a_change_is_not_told_what_staff_wrote(world: World, action: str, event: str) -> None:
    change = act(request(staffed(world), requester="requester"), "submit", world.lead)

    act(change, action, world.people["changer"], text=SECRET)

    assert heard_outside(event) == []
