"""Who gets which page: every address x everybody x own, another customer's and missing records.

A new address fails ``test_every_address_is_in_the_matrix`` until somebody says here who gets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from tests.factories import World, register_incident
from tests.pages.files import attach
from tests.pages.matrix import ELSEWHERE, MATRIX, PEOPLE
from tests.sampling import sampled
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-03", "TKT-06")]


def names_of(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    """Names of all addresses, with their namespaces."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from names_of(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{namespace}{entry.name}"


def test_every_address_is_in_the_matrix() -> None:
    names = {name for name in names_of(get_resolver()) if not name.startswith(ELSEWHERE)}
    assert names == {name for name, _subject in MATRIX}


@pytest.fixture
def subjects(world: World) -> dict[str, Ticket]:
    """A ticket of the customer ``exchange`` with the engineers' group, one of ``egov``; each with a public file."""
    own = register_incident(world.desk, requester="requester", group="host")
    other = register_incident(world.desk, requester="requester2", group="network")
    for ticket in (own, other):
        attach(ticket, world.desk)
    return {"own": own, "other": other}


def address(name: str, subject: str, subjects: dict[str, Ticket]) -> str:
    """The address of a page about one of the tickets; "missing" names none that exists."""
    ticket = subjects.get(subject)
    number = ticket.number if ticket else "IM991231000001"
    file = ticket.attachments.get().pk if ticket else 0
    arguments: dict[str, list[Any]] = {
        "tickets:detail": [number],
        "incidents:acceptance": [number],
        "live:ticket": [number],
        "tickets:thanks": [number],
        "announcements:edit": [1],
        "announcements:dismiss": [1],
        "announcements:step": [1, "publish"],
        "tickets:around": [number],
        "tickets:comment": [number],
        "tickets:action": [number, "urge"],
        "tickets:attachment": [file],
        "tickets:preview": [file],
        "accounts:revoke_token": [0],
        "notifications:open": [0],
        "notifications:undelivered_step": [0],
        "notifications:template": ["assigned", "en", "email"],
        "notifications:of_ticket": [number],
        "notifications:of_ticket_lines": [number],
        "notifications:answer": ["1.none"],
        **{f"cmdb:{name}": [0] for name in ("item", "edit", "relate", "impact", "compare", "graph", "graph_data")},
        **{
            f"cmdb:{name}": [0]
            for name in (
                "releases",
                "undo_import",
                "remove_mapping",
                "decide",
                "attribute",
                "hand_over",
                "handover",
                "merge",
                "split",
                "take_back",
                "propose",
                "query",
                "beneath",
                "audit",
                "audit_codes",
                "spare",
            )
        },
        "cmdb:audit_check": [0, 0],
        "cmdb:audit_photo": [0, 0, 0],
        "cmdb:audit_extra_photos": [0, 0],
        "cmdb:audit_extra_photo": [0, 0, 0],
        "cmdb:job": [0],
        "cmdb:own_item": [0],
        "cmdb:class": ["none"],
        "cmdb:relation_type": ["none"],
        "cmdb:life": [0, "retire"],
        "cmdb:withdraw_source": ["nobody"],
        "cmdb:put_back_source": [0],
        "cmdb:unrelate": [0, 0],
        "duty:roster": [0],
        "duty:edit": [0],
        "duty:step": [0, "swap"],
        "duty:propose_swap": [0],
        "duty:answer_swap": [0, 0, "accept"],
        "account_confirm_email": ["none"],
        "account_reset_password_from_key": ["0", "none"],
        "sla:calendar": ["none"],
        "sla:policy": ["none"],
        "sla:counted": [number],
        "sla:trial": [0],
        "sla:trial_tickets": [0],
        "tickets:saved_view": [0],
        "exporting:detail": [0],
        "exporting:cancel": [0],
        "exporting:file": [0],
        "replies:use": [0],
        "replies:pick": ["incidents"],
        "replies:new": ["canned"],
        "replies:edit": ["canned", 0],
        "replies:remove": ["canned", 0],
        "changes:order": ["none"],
        "changes:revoke_feed": [0],
        "changes:feed": ["none"],
        "changes:edit_freeze": ["none"],
        "changes:slots": ["CH991231000001"],
        "changes:collisions": ["CH991231000001"],
        "changes:find_attributes": ["CH991231000001"],
        "changes:move": ["CH991231000001"],
        "changes:judge": ["i0"],
        "changes:meeting": [0],
        "changes:edit_template": ["none"],
        "changes:edit_recurrence": [0],
        "changes:recurrence": [0],
        "changes:recurrence_step": [0, "end"],
        "changes:run": ["CH991231000001"],
        "changes:record": ["CH991231000001"],
        "changes:items_order": ["CH991231000001"],
        "changes:proof": ["CH991231000001"],
        "changes:meeting_step": [0, "open"],
        "changes:vote": [0, 0],
        **{f"reports:{name}": ["incidents"] for name in ("board", "tiles", "table", "load")},
        **{f"reports:process{name}": ["incidents"] for name in ("", "_map", "_ways", "_time", "_hand_overs")},
        "reports:xes": ["incidents"],
        "reports:revoke_display": [0],
        "reports:service_report": [0],
        "reports:service_contacts": ["none"],
        "reports:live_actions": ["none"],
        "reports:service_file": [0, "pdf"],
        "reports:service_step": [0, "send"],
        "reports:wall": ["none"],
        "reports:wall_now": ["none"],
        "reports:chart": ["incidents", "trend"],
        "reports:explain": ["incidents", "overdue"],
        "reports:file": ["incidents", "trend", "csv"],
        "approvals:detail": [0],
        "approvals:end_delegation": [0],
        "problems:known_error": ["PM991231000001"],
        "reports:target": ["overdue"],
        **{f"reports:{name}": [0] for name in ("schedule", "schedule_edit", "sent_file")},
        "reports:own": [0],
        "reports:meetings": ["incidents"],
        "reports:known": ["incidents"],
        "reports:reviews": ["incidents"],
        "reports:own_edit": [0],
        "problems:investigation": ["PM991231000001"],
        "problems:print": ["PM991231000001"],
        "problems:trend": [0, "raise"],
        "tickets:list": ["incidents"],
        "tickets:register": ["incidents"],
    }
    return reverse(name, args=arguments.get(name, []))


@pytest.mark.slow
@pytest.mark.parametrize("who", sampled(PEOPLE, {"engineer", "requester"}.__contains__))
def test_everybody_gets_what_the_matrix_says(
    world: World, browse: Callable[[User | None], Client], subjects: dict[str, Ticket], who: str
) -> None:
    client = browse(world.people.get(who))
    found = {page: client.get(address(*page, subjects)).status_code for page in MATRIX}
    assert found == {page: answers[PEOPLE.index(who)] for page, answers in MATRIX.items()}


def test_without_signing_in_one_is_sent_to_the_sign_in_page(
    browse: Callable[[User | None], Client], subjects: dict[str, Ticket]
) -> None:
    client = browse(None)
    apps = ("tickets:", "accounts:", "announcements:")
    names = {name for name, _subject in MATRIX if name.startswith(apps)} - {"accounts:language"}
    urls = sorted(address(name, "own", subjects) for name in names)
    answers = [client.get(url) for url in urls]
    assert [answer.headers.get("Location") for answer in answers] == [f"/accounts/login/?next={url}" for url in urls]
