"""Schemathesis against the description: no fault of ours, and no answer that the description does not name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.test.utils import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.access.tokens import create_token
from accounts.models import User
from problems.models import Problem
from tests.changes.making import change_in
from tests.factories import World, act, add_task, incident_in, make_item, make_system, unclaimed
from tickets.actions import perform
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01")]

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: So many made-up requests for each operation, times what ITSM_TEST_EXAMPLES says: they are the same in every run, and
#: each costs a tenth of a second for each of 444 operations. Requesters are refused nearly everywhere: few show that.
TIMES = int(os.environ.get("ITSM_TEST_EXAMPLES", "1"))
EXAMPLES = {
    "desk": {GenerationMode.POSITIVE: 3 * TIMES, GenerationMode.NEGATIVE: TIMES},
    "requester": {GenerationMode.POSITIVE: TIMES},
}
#: Values that exist. Random ones would be refused before they reach anything interesting.
KNOWN: dict[str, list[Any]] = {
    "group": ["host", "desk", "vendor"],
    "assignee": ["engineer", "desk", None],
    "requester": ["requester", "requester2"],
    "impact": ["I1", "I4"],
    "urgency": ["high"],
    "source": ["phone"],
    "nature": ["request"],
    "category": ["sw"],
    "close_code": ["tier1"],
    "reject_reason": ["out_of_scope"],
    "wait_reason": ["requester"],
    "wait_until": ["2098-01-01T00:00:00Z"],
    "satisfaction": ["very_good"],
    "supplier": ["liyuan"],
    "items": [["SRV-1"]],
    "task_kind": ["check"],
    "meaning": ["related_to", "caused_by"],
}


@pytest.fixture
def keep_connection(db: None) -> Iterator[None]:
    """Requests through WSGI itself would close the connection that the test's transaction lives on; so would the
    database while requests are made up.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def numbers(world: World) -> dict[str, list[str]]:
    """What exists, by the part of the address that names it. The desk agent works in the group of the tickets too."""
    item = make_item("SRV-1", organisation=world.organisations["exchange"])
    make_system("sys-x")
    world.groups["host"].members.add(world.desk)
    states = ["registered", "assigned", "in_progress", "pending", "resolved", "closed"]
    incidents = [incident_in(state, world) for state in states] + [unclaimed(world)]
    for ticket in incidents[1:]:
        act(ticket, "link", world.desk, meaning="related_to", target=incidents[0].number)
        affect_items(ticket=ticket, items=[item])
    tasks = [add_task(incidents[2], world.desk), add_task(incidents[2], world.desk, assignee="engineer")]
    changes = [change_in(state, world) for state in ("draft", "assessed", "scheduled", "reviewed")]
    typed = {"summary": "?", "problem_source": "incident", "level": "medium", "incidents": [incidents[2].number]}
    problem = perform(Problem(), "register", user=world.desk, data=typed).ticket
    return {
        "incidents": [ticket.number for ticket in incidents],
        "tasks": [ticket.number for ticket in tasks],
        "changes": [ticket.number for ticket in changes],
        "problems": [problem.number],
        "people": ["requester"],
        "groups": ["host"],
        "organisations": ["exchange"],
        "configuration-items": ["SRV-1"],
        "items": ["SRV-1"],
        "business-systems": ["sys-x"],
        "categories": ["sw"],
    }


@pytest.mark.slow
@pytest.mark.usefixtures("keep_connection")
@pytest.mark.parametrize("username", EXAMPLES)
@override_settings(API_REQUESTS_PER_MINUTE=10**9)
def test_every_operation_answers_as_described(username: str, world: World, numbers: dict[str, list[str]]) -> None:
    _token, text = create_token(user=world.people[username], name="schemathesis")
    schema: Any = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())
    schema = schema.exclude(path_regex="^/api/v1/visits/")  # the tests' own kind has no code of its own here
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]
    failures = [
        failure
        for operation in operations
        for mode, count in EXAMPLES[username].items()
        for failure in check_operation(operation, mode, count, {"Authorization": f"Bearer {text}"}, numbers)
    ]
    assert not failures, "\n\n".join(failures)


def check_operation(
    operation: Any, mode: GenerationMode, count: int, headers: dict[str, str], numbers: dict[str, list[str]]
) -> list[str]:
    """Send ``count`` made-up requests to ``operation``, each undone; return what was wrong with the answers."""
    kind = operation.path.split("/")[3]
    known = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in KNOWN.items()})

    @given(
        case=operation.as_strategy(generation_mode=mode),
        number=st.sampled_from(numbers.get(kind, [""])),
        target=st.sampled_from(numbers["incidents"][:2]),
        values=known,
    )
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any, number: str, target: str, values: dict[str, Any]) -> None:
        if mode is GenerationMode.POSITIVE:
            make_plausible(case, {**values, "number": number, "key": number, "target": target, "main": target})
        with transaction.atomic():
            case.call_and_validate(headers=headers, checks=CHECKS)
            transaction.set_rollback(True)

    try:
        run()
    except BaseExceptionGroup as group:
        return [f"{operation.method} {operation.path}: {failure}" for failure in group.exceptions]
    return []


def make_plausible(case: Any, values: dict[str, Any]) -> None:
    """Replace what refers to something by what exists."""
    for part in (case.path_parameters, case.body):
        if isinstance(part, dict):
            part.update({name: values[name] for name in part.keys() & values.keys() if part[name] is not None})


@pytest.mark.slow
def test_description_needs_no_signing_in_and_holds_no_data(client: Any, world: World) -> None:
    response = client.get("/api/v1/schema/")

    assert response.status_code == 200
    document = response.json()
    assert document["openapi"] == "3.1.1"
    assert not User.objects.filter(username="nobody-of-this-name").exists()
    assert "exchange" not in response.content.decode()


@pytest.mark.slow
def test_a_name_in_the_description_belongs_to_one_shape(tmp_path: Path) -> None:
    """Two shapes of the same name would be described as one of them (a change of a value, and a change)."""
    call_command("spectacular", "--fail-on-warn", file=str(tmp_path / "schema.yml"))

    components = yaml.safe_load((tmp_path / "schema.yml").read_text())["components"]["schemas"]
    assert {"field", "old", "new"} <= components["ValueChange"]["properties"].keys()
    assert "change_type" in components["Change"]["properties"]


def test_every_action_of_people_has_its_own_address_in_the_description(client: Any, db: None) -> None:
    from tickets.lifecycle import kinds

    paths = client.get("/api/v1/schema/").json()["paths"]

    for kind in kinds():
        expected = {name for name, action in kind.actions.items() if not action.system and not action.creates}
        prefix = f"/api/v1/{kind.slug}/{{number}}/actions/"
        assert {path.removeprefix(prefix).rstrip("/") for path in paths if path.startswith(prefix)} - {""} == expected


def test_the_input_of_an_action_is_described_from_its_form(client: Any, db: None) -> None:
    paths = client.get("/api/v1/schema/").json()["paths"]

    operation = paths["/api/v1/incidents/{number}/actions/resolve/"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["cause", "handling", "close_code"]
    assert schema["additionalProperties"] is False
    assert set(operation["responses"]) == {
        *("200", "204", "400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "429", "503")
    }


@pytest.mark.slow
def test_documentation_page_has_no_inline_script_and_shows_every_operation(client: Any, db: None) -> None:
    page = client.get("/api/v1/docs/").content.decode()

    document = client.get("/api/v1/schema/").json()
    names = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}
    assert {name for name in names if f'id="{name}"' in page} == names
    assert "<script>" not in page
    assert "style=" not in page
