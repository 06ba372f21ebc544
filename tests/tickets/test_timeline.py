"""How a line of the activity log reads, for whom, in which language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone, translation

from accounts.models import User
from tests.factories import MONDAY, World, act, add_task, finish, incident_in, make_item, wait
from tickets.models import Ticket
from tickets.services import log_event
from tickets.timeline import Line, changes_since, entries_for, present

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-03")]


def lines_of(ticket: Ticket, user: User) -> list[Line]:
    """The timeline as ``user`` reads it, in English."""
    with translation.override("en"), timezone.override("Asia/Shanghai"):
        return present(entries_for(ticket, user), user, ticket.kind_info)


def values(line: Line) -> dict[str, tuple[str, str]]:
    """Old and new texts by label."""
    return {change.label: (change.old, change.new) for change in line.changes}


@pytest.mark.parametrize("comments", [1, 3])
def test_presenting_takes_two_queries_however_long_the_timeline(
    comments: int, world: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    ticket = incident_in("in_progress", world)
    for _ in range(comments):
        act(ticket, "comment", world.engineer, text="好")

    with django_assert_num_queries(2):
        lines = lines_of(ticket, world.desk)

    assert len(lines) == 3 + comments


def test_changes_name_columns_and_values_for_people(world: World) -> None:
    ticket = wait(incident_in("in_progress", world), world.engineer, wait_until="2099-01-01T00:00:00Z")

    line = lines_of(ticket, world.desk)[-1]

    assert line.title == "put it on hold"
    assert values(line) == {
        "State": ("In progress", "Pending"),
        "Reason for waiting": ("", str(ticket.wait_reason.name_en)),
        "Waits until": ("", "2099-01-01 08:00"),
    }


def test_the_same_line_reads_in_both_languages(world: World) -> None:
    ticket = incident_in("assigned", world)
    entries = list(entries_for(ticket, world.desk))

    with translation.override("zh-hans"):
        chinese = present(entries, world.desk, ticket.kind_info)[0]
    english = lines_of(ticket, world.desk)[0]

    assert english.title == "registered this incident"
    assert chinese.title != english.title


def test_what_was_chosen_in_a_form_is_shown_though_no_column_changed(world: World) -> None:
    ticket, item = incident_in("in_progress", world), make_item("SRV-1")
    act(ticket, "add_items", world.engineer, items=[item.identifier])

    assert list(values(lines_of(ticket, world.desk)[-1])) == ["Configuration items"]


def test_editing_shows_what_changed_and_not_what_stayed(world: World) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "edit", world.engineer, summary="新标题", complexity="3")

    assert values(lines_of(ticket, world.desk)[-1]) == {
        "Summary": ("主机无法登录", "新标题"),
        "Complexity": ("Normal", "Hard"),
    }


TONES = [
    ("comment", {"text": "x"}, "public"),
    ("note", {"text": "x"}, "internal"),
    ("urge", {"text": "x"}, "warning"),
    ("watch", {}, "system"),
]


@pytest.mark.parametrize(("action", "data", "tone"), TONES)
def test_tones_tell_comments_steps_and_warnings_apart(
    action: str, data: dict[str, Any], tone: str, world: World
) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, action, world.desk, **data)

    assert lines_of(ticket, world.desk)[-1].tone == tone


def test_events_on_other_tickets_are_sentences_with_names(world: World) -> None:
    ticket = incident_in("in_progress", world)
    task = finish(add_task(ticket, world.desk, assignee="engineer"), world.engineer)
    other = incident_in("registered", world)
    act(other, "link", world.desk, meaning="caused_by", target=ticket.number)

    titles = [line.title for line in lines_of(ticket, world.desk)]

    assert f"task {task.number} “清理磁盘” is over: Closed" in titles
    assert f"{other.number} was marked as “caused by” this ticket" in titles


def test_an_event_that_nobody_knows_any_more_is_still_a_line(world: World) -> None:
    ticket = incident_in("registered", world)
    log_event(ticket=ticket, event="imported", user=None, now=MONDAY)
    log_event(ticket=ticket, event="of_an_older_version", user=None, now=MONDAY)

    assert {"of_an_older_version", "was  in the system it was imported from"} <= {
        line.title for line in lines_of(ticket, world.desk)
    }


@pytest.mark.req("ORG-03")
def test_requesters_read_public_lines_without_values_and_remarks_between_colleagues(world: World) -> None:
    ticket = incident_in("registered", world)
    act(ticket, "assign", world.desk, group="host", text="只给同事")
    act(ticket, "note", world.desk, text="内部")

    lines = lines_of(ticket, world.requester)

    assert [line.action for line in lines] == ["register", "assign"]
    assert [(line.text, line.changes, line.tone) for line in lines] == [("", [], "system"), ("", [], "system")]
    assert "只给同事" in [line.text for line in lines_of(ticket, world.desk)]


@pytest.mark.req("TKT-07")
def test_changes_since_a_version_are_what_came_after_it(world: World) -> None:
    ticket = incident_in("assigned", world)
    version = ticket.version
    act(ticket, "hand_over", world.desk, group="host", assignee="engineer2", text="换人")
    act(ticket, "edit", world.desk, summary="y")

    found = changes_since(ticket, version, world.desk)

    assert [line.action for line in found] == ["hand_over", "edit"]
