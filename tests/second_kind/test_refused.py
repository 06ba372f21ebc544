"""``manage.py check`` refuses a kind that names what there is not: a copy of a real one with one thing wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accounts.models import Role
from changes.models import CLOCKS
from sla.checks import check_owed, owed_by_nobody, unknown_limits
from sla.promises.models import Metric
from tests.factories import World
from tickets.checks import problems_of
from tickets.lifecycle import Kind, kind_of, kinds
from tickets.meaning import Clocks, Emergency, Grade, Imports, Panel, Span, Tile

pytestmark = pytest.mark.req("TKT-06")

LIMITS = {"response": Span("created_at", "responded_at")}


def timed(**said: Any) -> dict[str, Any]:
    """What a kind says that has a limit, and what the case says of it."""
    return {"clocks": Clocks(**({"limits": LIMITS} | said))}


def read(**said: Any) -> dict[str, Any]:
    """What a kind says whose history is read, and what the case says of it."""
    plain: dict[str, Any] = {"registered": "planned", "milestones": (), "worked": frozenset(), "solved": frozenset()}
    return {"imports": Imports(**(plain | said))}


def begins(**fields: str) -> dict[str, Any]:
    """What a kind says that is reported from the portal by a tile."""
    return {"tiles": (Tile(label="x", text="x", icon="x", begins=fields),)}


#: (the kind that is copied, what is wrong with the copy, how the sentence about it begins)
WRONG: list[tuple[str, dict[str, Any], str]] = [
    (
        "incident",
        timed(limits={"resolve": Span("left_at", "resolved_at")}),
        "resolve counts from the unknown moment left_at",
    ),
    (
        "incident",
        timed(limits={"resolve": Span("created_at", "summary")}),
        "resolve counts until the unknown moment summary",
    ),
    ("incident", timed(moments={"closed": "shut_at"}), "its moment closed is the unknown column shut_at"),
    (
        "incident",
        timed(labels={"cause": "Cause"}),
        "calls by a name a limit that it has not: cause; possible: response.",
    ),
    ("incident", timed(owed={"order": ("assignee",)}), "says who owes a limit that it has not: order"),
    ("incident", timed(at_desk="reception"), "has clocks that name the unknown state reception"),
    ("problem", {"grade_column": ""}, "is graded by a level of its own: say its grade_column."),
    ("problem", {"grade_column": "severity"}, "is graded by the unknown column severity; possible: "),
    ("problem", {"grade": Grade.PRIORITY}, "has a grade_column, which only a grade by level or type reads."),
    ("change", {"public_fields": ("planned_stop",)}, "has among its public_fields the unknown column planned_stop"),
    ("incident", {"supplier_fields": ("price",)}, "has among its supplier_fields the unknown column price"),
    (
        "visit",
        {"steps": ("planned", "landed")},
        "has among its steps the unknown state landed; possible: done, planned, under",
    ),
    ("visit", {"plain": {"lost": "Lost"}}, "has plain words for the unknown state lost; possible: done, planned"),
    ("incident", {"plain": {}}, "is offered to requesters: say in plain words what they read of registered, assigned"),
    ("visit", {"counted_with": "visits.figures.others"}, "visits.figures.others cannot be imported"),
    ("visit", {"phases": {**kind_of("visit").phases, "gone": "open"}}, "gives a phase to the unknown state gone"),
    ("visit", {"phases": {"planned": "open", "under_way": "open"}}, "state done has no phase."),
    ("problem", {"raised_from": "accident"}, "is raised from the unknown kind accident; possible: "),
    ("problem", {"raised_from": "problem"}, "is raised from the unknown kind problem; possible: "),
    ("incident", begins(mood="bad"), "a tile begins with the unknown field mood; possible: "),
    ("visit", {"registers": "enrol"}, "is registered by the unknown action enrol; possible: register."),
    ("visit", {"registers": "finish"}, "is registered by the unknown action finish; possible: register."),
    ("visit", {"views": ("unassigned", "lost")}, "offers the unknown queue lost; possible: all, "),
    (
        "visit",
        {"banner": Panel("visits.panels.shown", "changes/_near.html")},
        "visits.panels.shown cannot be imported",
    ),
    (
        "visit",
        {"banner": Panel("changes.panels.panel_of", "visits/_n.html")},
        "there is no template visits/_n.html for changes",
    ),
    (
        "visit",
        {"beside": (Panel("changes.panels.nothing", "changes/_near.html"),)},
        "changes.panels.nothing cannot be imported",
    ),
    ("visit", {"details": "visits.details.details_of"}, "visits.details.details_of cannot be imported"),
    (
        "visit",
        {"details": "tests.second_kind.lifecycle.PHASES"},
        "tests.second_kind.lifecycle.PHASES cannot be called.",
    ),
    ("visit", {"answers": "visits.api.answers"}, "visits.api.answers cannot be imported"),
    ("visit", {"takes_part": "visits.parts.of_person"}, "visits.parts.of_person cannot be imported"),
    ("visit", {"emergency": kind_of("incident").emergency}, "has an emergency procedure: say that it can be major."),
    ("incident", {"emergency": Emergency(last_rank=2, commander="", follow="x.y")}, "x.y cannot be imported"),
    ("visit", {"prints": ("visits:form", "Form")}, "prints by visits:form, which is no address of one ticket."),
    ("visit", {"prints": ("tickets:portal", "Form")}, "prints by tickets:portal, which is no address of one ticket."),
    ("visit", {"prefix": "IM"}, "numbers with IM are not to be told from those of incident with IM."),
    ("visit", {"prefix": "I"}, "numbers with I are not to be told from those of incident with IM."),
    ("visit", {"slug": "changes"}, "change has the slug changes, too."),
    ("visit", read(registered="begun"), "imports the unknown state begun; possible: done, planned, under_way."),
    ("visit", read(solved=frozenset({"fixed"})), "imports the unknown state fixed"),
    ("visit", read(milestones=(("closed_at", "gone", ""),)), "imports the unknown state gone"),
    ("visit", read(milestones=(("left_at", "done", ""),)), "imports the unknown column left_at"),
    ("visit", read(columns=("length",)), "imports the unknown column length"),
    ("visit", read(fixed={"nature": "x", "size": 3}), "imports the unknown column size"),
    ("visit", read(at_end=("distance",)), "imports, at the end only, what it does not read: distance"),
]


def said_of(kind: Kind) -> list[str]:
    """What the check says of ``kind``, without its name."""
    return [text.removeprefix(kind.code).lstrip(": ") for text in problems_of(kind)]


@pytest.mark.parametrize(("code", "wrong", "said"), WRONG, ids=[said for _code, _wrong, said in WRONG])
def test_a_kind_that_names_what_there_is_not_is_refused(code: str, wrong: dict[str, Any], said: str) -> None:
    found = said_of(replace(kind_of(code), **wrong))

    assert [text[: len(said)] for text in found] == [said]


def test_the_copies_are_sound_but_for_the_one_thing() -> None:
    assert [list(problems_of(kind)) for kind in kinds()] == [[]] * len(kinds())
    assert said_of(replace(kind_of("visit"), **read(columns=("distance",), at_end=("distance",)))) == []


def test_an_action_that_is_taken_back_by_nothing_is_refused() -> None:
    kind = replace(kind_of("visit"))
    kind.__dict__["actions"] = {
        **kind.actions,
        "finish": replace(kind.actions["finish"], undone="visits.trips.forget"),
    }

    assert said_of(kind) == [".finish: visits.trips.forget cannot be imported (No module named 'visits')."]


@pytest.mark.req("SLM-03")
def test_a_limit_or_moment_that_no_policy_knows_is_refused() -> None:
    limits = {"resolve": LIMITS["response"], "flight": LIMITS["response"]}
    kind = replace(kind_of("incident"), clocks=Clocks(limits=limits, moments={"landed": "closed_at"}))

    assert list(unknown_limits(kind)) == [
        f"incident has the unknown limit flight; possible: {', '.join(sorted(Metric.values))}.",
        "incident has the unknown moment landed; possible: closed, dispatched, registered, resolved, started.",
    ]
    assert [text for kind in kinds() for text in unknown_limits(kind)] == []


@pytest.mark.django_db
@pytest.mark.req("SLM-06")
def test_a_limit_that_nobody_owes_is_refused(world: World) -> None:
    kind = replace(kind_of("change"), clocks=replace(CLOCKS, owed={"record": ("assignee", "pilot")}))

    assert next(owed_by_nobody(kind, ["change_manager"])).startswith(
        "change: record is owed by the unknown role pilot; possible: assignee, change_manager, "
    )
    assert check_owed(databases=["default"]) == []

    Role.objects.filter(code="change_manager").update(active=False)
    assert {error.id for error in check_owed(databases=["default"])} == {"sla.E002"}


@pytest.mark.django_db
def test_who_owes_a_limit_is_not_asked_before_there_are_roles() -> None:
    Role.objects.update(active=False)

    assert check_owed(databases=["default"]) == []
    assert check_owed(databases=None) == []
