"""What each usual action costs as a program asks for it, clocks and notices included: literal counts of statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.client import Api
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-04", "NTF-03", "API-01")]

#: Who does what, one after the other, with what.
STEPS: list[tuple[str, str, dict[str, Any]]] = [
    ("register", "desk", {"summary": "主机无法登录", "requester": "requester", "group": "host"}),
    ("claim", "engineer", {}),
    ("start", "engineer", {}),
    ("comment", "engineer", {"text": "现场已确认，继续处理"}),
    ("wait", "engineer", {"wait_reason": "requester", "wait_until": "2099-01-01T00:00:00Z"}),
    ("resume", "engineer", {}),
    (
        "resolve",
        "engineer",
        {"cause": "配置有误", "handling": "已更正", "close_code": "tier1", "verified_how": "tested"},
    ),
]
COSTS = {
    "I4": {"register": 41, "claim": 18, "start": 23, "comment": 21, "wait": 26, "resume": 23, "resolve": 33},
    "I2": {"register": 119, "claim": 18, "start": 23, "comment": 21, "wait": 26, "resume": 23, "resolve": 110},
}


def live(apis: dict[str, Api], impact: str) -> dict[str, int]:
    """A ticket from registration to solution; how many statements each step took."""
    found, number = {}, ""
    for name, person, data in STEPS:
        path = f"incidents/{number}/actions/{name}/" if number else "incidents/"
        given = data if number else data | {"impact": impact}
        with CaptureQueriesContext(connection) as captured:
            answer = apis[person].post(path, given)
        assert answer.status_code in (200, 201), (name, answer.content)
        number = number or answer.json()["number"]
        found[name] = len(captured)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("impact", COSTS)
def test_each_usual_action_costs_what_it_costs(always: World, impact: str) -> None:
    apis = {name: Api(always.people[name]) for name in ("desk", "engineer")}
    live(apis, impact)  # what a process remembers is remembered now

    assert live(apis, impact) == COSTS[impact]
