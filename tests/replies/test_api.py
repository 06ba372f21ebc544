"""Canned replies and templates in the API (TKT-11, API-01)."""

from __future__ import annotations

import pytest

from accounts.models import User
from replies.models import CannedReply, TicketTemplate
from tests.api.client import Api, problem
from tests.factories import World, incident_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-11", "API-01")]

REPLY = {"code": "hello", "name_zh": "你好", "name_en": "Hello", "text_en": "Dear {requester}"}


def test_own_replies_are_made_changed_and_removed(world: World) -> None:
    api = Api(world.engineer)
    made = api.post("canned-replies/", REPLY)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["scope"], body["owner"]["username"], body["active"]) == ("own", "engineer", True)
    path = f"canned-replies/{body['id']}/"
    changed = api.post(path, {"text_en": "Hi {requester}", "fits": ["reply"]}).json()
    assert (changed["code"], changed["text_en"], changed["fits"]) == ("hello", "Hi {requester}", ["reply"])
    assert [row["code"] for row in api.results("canned-replies/?q=hello&own=true")] == ["hello"]
    assert api.delete(path).status_code == 204
    assert CannedReply.objects.count() == 0


def test_what_is_wrong_is_said_by_field(world: World) -> None:
    api = Api(world.engineer)
    body = problem(
        api.post("canned-replies/", {**REPLY, "text_en": "{nonsense}", "colour": "red", "scope": "all"}), 400
    )
    assert {"text_en", "colour", "scope"} <= set(body["errors"])
    assert CannedReply.objects.count() == 0


def test_others_read_what_is_shared_and_keep_nothing(world: World) -> None:
    shared = CannedReply.objects.create(**REPLY, team=world.groups["host"])
    own = CannedReply.objects.create(**REPLY, owner=world.engineer2)
    api = Api(world.engineer)
    assert [row["id"] for row in api.results("canned-replies/")] == [shared.pk]
    problem(api.get(f"canned-replies/{own.pk}/"), 404)
    problem(api.post(f"canned-replies/{shared.pk}/", {"name_en": "x"}), 403)
    problem(api.delete(f"canned-replies/{shared.pk}/"), 403)
    assert Api(world.requester).results("canned-replies/") == []
    problem(Api(world.requester).post("canned-replies/", REPLY), 403)
    assert CannedReply.objects.filter(name_en="Hello").count() == 2


def test_a_reply_is_read_filled_in(world: World) -> None:
    ticket = incident_in("in_progress", world)
    User.objects.filter(pk=ticket.requester_id).update(language="en")
    reply = CannedReply.objects.create(**REPLY)
    api = Api(world.engineer)
    path = f"canned-replies/{reply.pk}/text/"
    assert api.get(f"{path}?ticket={ticket.number}").json() == {"text": "Dear Requester"}
    problem(api.get(f"{path}?ticket=IM991231000001"), 400)
    problem(api.get(f"{path}?place=nowhere"), 400)


def test_templates_are_kept_by_leads(world: World) -> None:
    api = Api(world.lead)
    sent = {"code": "mail", "name_zh": "邮件", "name_en": "Mail", "kind": "incident", "scope": "host", "impact": "I4"}
    body = api.post("ticket-templates/", sent).json()
    assert (body["scope"], body["owner"], body["impact"]["code"], body["group"]) == ("host", None, "I4", None)
    assert api.post(f"ticket-templates/{body['id']}/", {"summary": "No mail"}).json()["impact"]["code"] == "I4"
    assert TicketTemplate.objects.get().summary == "No mail"
