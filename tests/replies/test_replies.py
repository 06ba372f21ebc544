"""Canned replies and templates: whose they are, what they say, where they are offered (TKT-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from replies.models import CannedReply, TicketTemplate
from replies.services import Place, place_of, text_of
from replies.variables import OF_TICKET, OF_WRITER, check_variables, fill_in
from tests.factories import MONDAY, World, incident_in, make_system, reload_user
from tests.pages.test_forms import HTMX
from tickets.models import Category

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-11")]

Browse = Callable[[User | None], Client]
ALL = (*OF_TICKET, *OF_WRITER)


def make(code: str = "hello", **fields: Any) -> CannedReply:
    """A canned reply, for all unless told otherwise."""
    return CannedReply.objects.create(**{"code": code, "name_zh": code, "name_en": code, "text_zh": code, **fields})


def codes(client: Client, **query: str) -> list[str]:
    """The codes that the menu offers."""
    return [row["code"] for row in client.get("/replies/find/", query).json()["results"]]


def typed(**fields: Any) -> dict[str, Any]:
    """A filled form of a canned reply."""
    return {"code": "x", "name_zh": "名", "name_en": "n", "text_zh": "好", "scope": "own", "active": "on", **fields}


def test_variables_are_filled_in_and_others_stay(world: World) -> None:
    ticket = incident_in("in_progress", world, summary="No {me} mail")
    text = "{requester}: {number} “{summary}” {group} {my_phone} {today} {unknown} { me } {due}"

    found = fill_in(text, user=world.desk, now=MONDAY, ticket=ticket)

    assert found.startswith(
        f"Requester: {ticket.number} “No {{me}} mail” host 000-0000-1001 2026-11-23 {{unknown}} {{ me }} 20"
    )
    assert fill_in("[{number}{due}]", user=world.desk, now=MONDAY) == "[]"


@pytest.mark.parametrize(
    ("place", "zone", "found"),
    [
        (Place.REPLY, "Europe/Berlin", "2026-11-23 23:30 2026-11-23"),
        (Place.REPLY, "", "2026-11-24 06:30 2026-11-24"),
        (Place.NOTE, "Europe/Berlin", "2026-11-24 06:30 2026-11-24"),
    ],
)
def test_times_are_of_the_reader_whoever_writes(world: World, place: Place, zone: str, found: str) -> None:
    """The requester's own in a reply; the portal's in what many read, and for those who chose none."""
    world.requester.time_zone = zone
    world.requester.save()
    ticket = incident_in("in_progress", world)
    now = MONDAY + timedelta(hours=21, minutes=30)
    with timezone.override("America/New_York"):
        said = text_of(make(text_zh="{now} {today}"), user=world.desk, place=place, now=now, ticket=ticket)
    assert said == found


def test_every_variable_can_be_filled_in(world: World) -> None:
    ticket = incident_in("in_progress", world, business_system=make_system("mail").code)

    for name in ALL:
        assert "{" not in fill_in(f"{{{name}}}", user=world.desk, now=MONDAY, ticket=ticket)


def test_unknown_variables_are_named() -> None:
    with pytest.raises(ValidationError, match=r"\{nonsense\}, \{ticket.number\}"):
        check_variables("{number} {nonsense} {ticket.number} { x }", ALL)


@pytest.mark.parametrize(
    ("form", "field", "visibility", "place"),
    [
        ("IM1/composer", "text", "note", Place.NOTE),
        ("IM1/composer", "text", "comment", Place.REPLY),
        ("IM1/resolve", "cause", "", Place.SOLUTION),
        ("IM1/wait", "text", "", Place.REASON),
        ("incidents/new", "description", "", Place.DESCRIPTION),
        ("incidents/new-1a2b", "description", "", Place.DESCRIPTION),
    ],
)
def test_texts_fit_the_field(form: str, field: str, visibility: str, place: str) -> None:
    assert place_of(form, field, visibility) == place


def test_replies_come_in_the_language_of_the_requester(world: World) -> None:
    ticket = incident_in("in_progress", world)
    assert ticket.requester is not None
    reply = make(text_zh="您好 {requester}", text_en="Dear {requester}")
    for user, language in ((ticket.requester, "en"), (world.desk, "zh-hans")):
        User.objects.filter(pk=user.pk).update(language=language)
    ticket.requester.refresh_from_db()
    desk = reload_user(world.desk)
    given: dict[str, Any] = {"user": desk, "now": MONDAY, "ticket": ticket}

    assert text_of(reply, place=Place.REPLY, **given) == "Dear Requester"
    assert text_of(reply, place=Place.NOTE, **given) == "您好 Requester"


def test_everybody_is_offered_their_own_of_their_groups_and_those_for_all(world: World, browse: Browse) -> None:
    make("for-all")
    make("of-host", team=world.groups["host"])
    make("of-network", team=world.groups["network"])
    make("own", owner=world.engineer)
    make("of-another", owner=world.engineer2)
    make("off", active=False)
    make("solution", fits=["solution"])

    client = browse(world.engineer)
    assert sorted(codes(client, form="IM1/composer", field="text")) == ["for-all", "of-host", "own"]
    assert "solution" in codes(client, form="IM1/resolve", field="cause")
    assert codes(client, form="IM1/composer", field="text", q="host") == ["of-host"]
    assert browse(world.requester).get("/replies/find/").status_code == 403
    assert browse(world.vendor).get("/replies/find/").status_code == 403


def test_using_one_fills_it_in_and_counts(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    reply = make(text_en="Dear {requester}, {number}", text_zh="")
    client = browse(world.engineer)
    answer = client.post(f"/replies/{reply.pk}/use/", {"form": f"{ticket.number}/composer", "visibility": "comment"})
    assert answer.json() == {"text": f"Dear Requester, {ticket.number}"}
    reply.refresh_from_db()
    assert reply.used_count == 1
    secret = make("secret", owner=world.engineer2)
    assert client.post(f"/replies/{secret.pk}/use/").status_code == 404


def test_a_ticket_that_is_not_seen_fills_in_nothing(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.vendor)
    reply = make(text_en="{requester}")
    assert client.post(f"/replies/{reply.pk}/use/", {"form": f"{ticket.number}/composer"}).status_code == 403


def test_own_ones_are_kept_by_their_owner_in_pages(world: World, browse: Browse) -> None:
    client = browse(world.engineer)
    wrong = client.post("/replies/canned/new/", typed(text_zh="{nonsense}"))
    assert wrong.status_code == 422
    assert "There is no variable {nonsense}." in wrong.content.decode()
    assert "{nonsense}" in client.get("/replies/canned/new/").content.decode()  # kept as a draft
    assert client.post("/replies/canned/new/", typed()).status_code == 302
    assert "{nonsense}" not in client.get("/replies/canned/new/").content.decode()
    reply = CannedReply.objects.get()
    assert (reply.owner, reply.team, reply.text_zh) == (world.engineer, None, "好")
    again = client.post("/replies/canned/new/", typed())
    assert "There is another one with this code." in again.content.decode()
    assert browse(world.engineer2).get(f"/replies/canned/{reply.pk}/").status_code == 404
    assert browse(world.admin).get(f"/replies/canned/{reply.pk}/").status_code == 404
    client.post(f"/replies/canned/{reply.pk}/", typed(text_zh="更好"))
    reply.refresh_from_db()
    assert reply.text_zh == "更好"
    assert client.post(f"/replies/canned/{reply.pk}/remove/").status_code == 302
    assert CannedReply.objects.count() == 0


@pytest.mark.parametrize(
    ("who", "scope", "status"),
    [
        ("lead", "host", 302),
        ("lead", "network", 422),
        ("lead", "all", 422),
        ("engineer", "host", 422),
        ("admin", "all", 302),
        ("admin", "network", 302),
    ],
)
def test_groups_are_for_their_leads_and_all_is_for_administrators(
    world: World, browse: Browse, who: str, scope: str, status: int
) -> None:
    answer = browse(world.people[who]).post("/replies/canned/new/", typed(scope=scope))
    assert (answer.status_code, CannedReply.objects.count()) == (status, int(status == 302))


def test_members_use_what_their_lead_keeps(world: World, browse: Browse) -> None:
    reply = make(team=world.groups["host"])
    client = browse(world.engineer)
    assert "/hello" in client.get("/replies/").content.decode()
    assert client.get(f"/replies/canned/{reply.pk}/").status_code == 403
    assert client.post(f"/replies/canned/{reply.pk}/remove/").status_code == 403
    assert browse(world.lead).get(f"/replies/canned/{reply.pk}/").status_code == 200


def test_the_preview_is_filled_in_and_escaped(world: World, browse: Browse) -> None:
    page = browse(world.desk).post("/replies/preview/", {"text_en": "<b>{me}</b> {requester}"}, headers=HTMX)
    assert "&lt;b&gt;Desk&lt;/b&gt; «name of the requester»" in page.content.decode()


def test_a_template_fills_in_the_form_of_a_new_ticket(world: World, browse: Browse) -> None:
    fields: dict[str, Any] = {"summary": "Mail", "description": "Caller: {my_phone}", "impact_id": "I2"}
    fields["category"] = Category.objects.get(code="sw-app")
    template = TicketTemplate.objects.create(
        code="mail", name_zh="邮件", name_en="Mail", group=world.groups["network"], **fields
    )
    client = browse(world.desk)
    assert f"/incidents/new/?template={template.pk}" in client.get("/replies/pick/incidents/?q=mai").content.decode()
    page = client.get(f"/incidents/new/?template={template.pk}").content.decode()
    assert 'value="Mail"' in page
    assert "Caller: 000-0000-1001</textarea>" in page
    assert '<option value="network" selected' in page
    assert page.split('value="I2"')[1].split(">")[0].count("checked") == 1
    own = TicketTemplate.objects.create(code="own", name_zh="o", name_en="o", owner=world.engineer, summary="secret")
    for value in (str(own.pk), "x", "9" * 30):
        assert "secret" not in client.get(f"/incidents/new/?template={value}").content.decode()


def test_templates_are_kept_in_pages(world: World, browse: Browse) -> None:
    client = browse(world.desk)
    data = {"code": "mail", "name_zh": "邮件", "name_en": "Mail", "kind": "incident", "scope": "own", "active": "on"}
    answer = client.post("/replies/templates/new/", {**data, "summary": "No mail", "impact": "I4", "group": "host"})
    assert answer.status_code == 302
    template = TicketTemplate.objects.get()
    assert template.group is not None
    assert (template.owner, template.impact_id, template.group.code) == (world.desk, "I4", "host")
    page = client.get(f"/replies/templates/{template.pk}/").content.decode()
    assert '<option value="host" selected' in page
    bad = client.post("/replies/templates/new/", {**data, "code": "y", "summary": "{number}"})
    assert "There is no variable {number}." in bad.content.decode()
    assert client.get("/replies/nonsense/new/").status_code == 404
