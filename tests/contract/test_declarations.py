"""What every declaration must say, and that what is generated from them is current."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from itsm.management.commands import docs
from records.lifecycle import families
from tests.contract.subjects import DECLARED, PLACES, SUBJECTS
from tests.factories import World, incident_in
from tests.second_kind.lifecycle import visit_actions
from tests.shipped import SHIPPED
from tickets import diagrams
from tickets.actions import available_actions
from tickets.checks import problems_of
from tickets.lifecycle import Action, Kind, kind_of, kinds
from tickets.models import Ticket
from tickets.shared.common import common_actions
from tickets.workspace import pages

pytestmark = pytest.mark.req("TKT-06")

NAMES = [f"{kind.code}.{action.name}" for kind, action in DECLARED]
FAMILIES = [family for family in families() if not family.model.__module__.startswith("tests.")]


def test_every_kind_has_a_way_into_its_states() -> None:
    assert sorted(SUBJECTS) == sorted(kind.code for kind in kinds())


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.code)
def test_lifecycle_passes_the_system_checks(kind: Kind) -> None:
    assert list(problems_of(kind)) == []


@pytest.mark.parametrize("spec", [action for _kind, action in DECLARED], ids=NAMES)
def test_action_explains_itself(spec: Action) -> None:
    assert spec.help.endswith(".")
    assert str(spec.label)
    assert not str(spec.label).endswith(".")
    assert str(spec.done)


@pytest.mark.parametrize(("kind", "spec"), [pair for pair in DECLARED if not pair[1].system])
def test_rule_and_guards_have_a_first_line_for_the_tables(kind: Kind, spec: Action) -> None:
    lines = [
        (function.__doc__ or "").strip().partition("\n")[0] for function in (spec.allow, *spec.hidden_by, *spec.guards)
    ]

    assert [line for line in lines if not line.endswith((".", ")."))] == [], (kind.code, spec.name)


@pytest.mark.django_db
@pytest.mark.req("UX-01")
@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_keys_are_unique_among_actions_offered_together(world: World, kind: str, state: str) -> None:
    ticket = SUBJECTS[kind](state, world)
    for user in world.people.values():
        offered = [item for item in available_actions(ticket, user) if item.enabled]  # a key is drawn where it works
        keys = Counter(item.action.key for item in offered if item.action.key)
        assert [key for key, count in keys.items() if count > 1] == [], user.username


@pytest.mark.django_db
@pytest.mark.req("UX-02", "DESK-01")
@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_every_button_that_works_has_a_key_of_its_own(world: World, kind: str, state: str) -> None:
    ticket = SUBJECTS[kind](state, world)
    for user in world.people.values():
        keys = [button["key"] for button in pages.buttons_of(ticket, user) if button["enabled"]]
        assert "" not in keys, user.username
        assert len(set(keys)) == len(keys), user.username


@pytest.mark.req("UX-02")
@pytest.mark.parametrize("spec", [action for _kind, action in DECLARED if not action.creates])
def test_keys_of_actions_leave_those_of_pages_alone(spec: Action) -> None:
    assert len(spec.key) <= 1
    assert spec.key not in set("jknxz/?0") | set(pages.FREE_KEYS)


@pytest.mark.slow
def test_generated_documents_are_current() -> None:
    assert sorted(docs.stale_documents(docs.wanted(SHIPPED, FAMILIES))) == []


@pytest.mark.slow
def test_docs_check_names_what_is_out_of_date(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "TARGET", tmp_path)

    with pytest.raises(
        CommandError,
        match=r"actions\.md, announcement\.md, change\.md, .*loan\.md, .*task\.md, visit\.md",
    ):
        call_command("docs", "--check")
    assert list(tmp_path.iterdir()) == []

    call_command("docs")
    call_command("docs", "--check")


def test_diagram_shows_each_transition_once() -> None:
    assert diagrams.state_diagram(kind_of("visit")).splitlines() == [
        "stateDiagram-v2",
        '    state "Planned" as planned',
        '    state "Under way" as under_way',
        '    state "Done" as done',
        "    [*] --> planned: Plan visit",
        "    planned --> under_way: Set out",
        "    under_way --> done: Finish",
        "    done --> [*]",
    ]


@pytest.mark.parametrize(
    ("action", "permissions", "mark"),
    [
        ("send", {"ticket.dispatch"}, "●"),
        ("send", {"ticket.view"}, ""),
        ("set_out", {"ticket.work"}, "A M"),
        ("comment", set(), "●"),
    ],
)
def test_permission_mark_says_who(action: str, permissions: set[str], mark: str) -> None:
    kind = kind_of("visit")

    assert diagrams.permission_mark(kind, kind.actions[action], frozenset(permissions)) == mark


@pytest.mark.django_db
def test_permission_table_agrees_with_what_is_offered(world: World) -> None:
    """The marks are found with stubs; real people and tickets must agree."""
    ticket, kind = incident_in("in_progress", world), kind_of("incident")
    relations = {"desk": "O", "engineer": "A", "engineer2": "M", "expert": "", "requester": "R", "manager": ""}
    for name, mine in relations.items():
        user = world.people[name]
        offered = {item.action.name for item in available_actions(ticket, user)}
        for action in kind.actions.values():
            if action.system or not action.starts_in(ticket.state):
                continue
            mark = diagrams.permission_mark(kind, action, user.permissions)
            expected = mark == diagrams.EVERYBODY or bool(set(mine.split()) & set(mark.split()))
            if name == "desk":  # the desk registered it
                expected = expected or "O" in mark.split()
            assert (action.name in offered) == expected, (name, action.name, mark)


def test_common_actions_are_taken_not_repeated() -> None:
    own = visit_actions.keys() - common_actions.keys()

    assert own == {"register", "send", "set_out", "finish"}
    assert visit_actions.items() >= common_actions.items()


def test_actions_of_a_kind_never_hide_columns() -> None:
    columns = {field.name for kind in kinds() for field in kind.model._meta.get_fields()}
    columns |= {field.name for field in Ticket._meta.get_fields()}

    assert columns & {action.name for _kind, action in DECLARED} == set()
