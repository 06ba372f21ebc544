"""Pages, API, links and two at once: every door asks the same questions."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound, Decision, Policy
from approvals.services import ask, withdraw
from approvals.shell import waiting_for, waiting_for_all
from notifications.models import Notice
from tests.api.client import Api
from tests.approvals.conftest import TRIP, edit
from tests.factories import MONDAY, World, make_user, reload_user
from tests.second_kind.models import Visit
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionForbidden
from tickets.models import Ticket

Make = Callable[..., Policy]
AskFor = Callable[..., ApprovalRound]
pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03", "DESK-02")]


def browser(user: Any) -> Client:
    """A browser in which ``user`` is signed in, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.mark.slow
def test_link_shows_by_get_and_decides_by_post_once(world: World, policy: Make, asked: AskFor) -> None:
    """Ten scanners, a forwarded link, two tabs: one decision, and everybody later is told who decided."""
    policy(("any", 1, [("person", world.owner), ("person", world.lead)]))
    made = asked(text="请看")
    url = f"/approvals/{made.pk}/"
    assert Notice.objects.get(event="approval_asked").payload["path"] == url
    assert Client().get(url).status_code == 302
    owner, lead = browser(world.owner), browser(world.lead)
    for _again in range(10):
        assert (owner.get(url).status_code, owner.head(url).status_code) == (200, 200)
    assert browser(world.requester).get(url).status_code == 404
    stranger = browser(world.manager)
    assert "Record the decision" not in stranger.get(url).content.decode()
    assert stranger.post(url, {"verdict": "approve"}).status_code == 403
    assert not Decision.objects.exists()

    form = {"verdict": "approve", "digest": made.digest}
    assert owner.post(url, {**form, "digest": "0" * 64}).status_code == 409
    assert owner.post(url, {**form, "verdict": "refuse"}).status_code == 422
    assert owner.post(url, form).status_code == 302
    again = lead.post(url, form)
    assert again.status_code == 409
    assert "It is decided already: Owner, Approve." in again.content.decode()
    assert owner.post(url, form).status_code == 409
    assert Decision.objects.count() == 1


def test_link_of_an_earlier_round_decides_nothing(world: World, policy: Make, asked: AskFor, visit: Visit) -> None:
    policy(("all", 1, [("person", world.owner)]))
    old = asked()
    edit(visit, world)
    visit.refresh_from_db()
    new = asked()
    owner = browser(world.owner)

    refused = owner.post(f"/approvals/{old.pk}/", {"verdict": "approve", "digest": old.digest})
    assert refused.status_code == 409
    assert "The content has changed since" in refused.content.decode()
    page = owner.get(f"/approvals/{new.pk}/").content.decode()
    assert "Changed since the last round" in page
    assert "network" in page
    assert not Decision.objects.exists()


def test_list_counts_in_the_shell_and_decides_in_bulk(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made = asked()
    owner = reload_user(world.owner)
    assert (waiting_for(owner).count(), waiting_for_all()) == (1, {owner.pk: 1})
    client = browser(owner)
    page = client.get("/approvals/").content.decode()
    assert made.ticket.number in page
    assert 'data-count="/approvals/"' in page

    refused = client.post("/approvals/", {"rounds": [made.pk, 99999999], "verdict": "approve"})
    assert "These were not decided" in refused.content.decode()
    assert client.post("/approvals/", {"verdict": "approve"}).status_code == 422
    assert waiting_for_all() == {}
    assert "Nothing waits for your decision" in client.get("/approvals/").content.decode()
    for headers in ({}, {"HX-Request": "true"}):
        assert made.ticket.number in client.get("/approvals/decided/", headers=headers).content.decode()


@pytest.mark.req("UX-03")
def test_ticks_verdict_and_reason_stay_when_something_was_wrong(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made, client = asked(), browser(world.owner)
    ticked = f'name="rounds" value="{made.pk}" checked'
    assert ticked not in client.get("/approvals/").text
    without_reason = client.post("/approvals/", {"rounds": [made.pk], "verdict": "refuse"})
    assert (without_reason.status_code, ticked in without_reason.text) == (422, True)
    none_ticked = client.post("/approvals/", {"verdict": "refuse", "reason": "No time"})
    assert re.search(r'<a href="#id_rounds">\s*Approvals</a\s*>', none_ticked.text)
    assert "No time</textarea>" in none_ticked.text


def test_delegation_is_recorded_and_ended_by_its_own_person_only(world: World, policy: Make, asked: AskFor) -> None:
    world.lead.set_password("secret")
    world.lead.save()
    owner = browser(world.owner)
    typed = {"deputy": "lead", "starts_at": "2026-01-01T08:00", "ends_at": "2099-01-01T08:00"}
    assert owner.post("/approvals/delegate/", {**typed, "ends_at": "2025-01-01T08:00"}).status_code == 422
    assert owner.post("/approvals/delegate/", typed).status_code == 302
    again = owner.post("/approvals/delegate/", {**typed, "starts_at": "2098-01-01T08:00"})
    assert (again.status_code, "stands in for you already" in again.text) == (422, True)
    [row] = world.owner.delegations.all()
    assert browser(world.lead).post(f"/approvals/delegate/{row.pk}/end/").status_code == 404
    assert "You decide for Owner" in browser(world.lead).get("/approvals/").content.decode()
    assert owner.post(f"/approvals/delegate/{row.pk}/end/").status_code == 302
    assert "You decide for Owner" not in browser(world.lead).get("/approvals/").content.decode()


def test_what_is_over_is_not_delegated_and_nothing_to_what_is_no_person(world: World) -> None:
    make_user("robot", "first_line")
    world.lead.set_password("secret")
    world.lead.save()
    owner = browser(world.owner)
    page = owner.get("/approvals/delegate/").text
    assert ('value="lead"' in page, 'value="robot"' in page) == (True, False)
    typed = {"deputy": "lead", "starts_at": "2026-01-01T08:00", "ends_at": "2026-01-02T08:00"}
    over = owner.post("/approvals/delegate/", typed)
    assert (over.status_code, "This lies in the past." in over.text) == (422, True)
    assert owner.post("/approvals/delegate/", {**typed, "deputy": "robot"}).status_code == 422
    assert not world.owner.delegations.exists()


@pytest.mark.req("ORG-03", "CHG-11")
def test_being_asked_lets_a_customer_read_that_ticket_and_no_more(world: World, policy: Make) -> None:
    """The interface person of a customer, whose role shows them their own tickets only."""
    contact = make_user("contact", organisation=world.requester.organisation)
    organisation = world.requester.organisation
    organisation.interface_person = contact
    organisation.save()
    policy(("all", 1, [("interface_person", None)]))
    typed = {"summary": "去机房", "impact": "I4"}
    visits: list[Any] = [
        perform(Visit(), "register", user=world.desk, data=typed, now=MONDAY).ticket for _each in range(2)
    ]
    Visit.objects.update(organisation=organisation, requester=world.requester)
    visits = list(Visit.objects.order_by("pk"))
    made = ask(ticket=visits[0], purpose=TRIP, user=world.requester, now=MONDAY)

    assert list(Ticket.objects.visible_to(reload_user(contact))) == [visits[0].ticket_ptr]
    client = browser(reload_user(contact))
    assert client.get(f"/approvals/{made.pk}/").status_code == 200
    assert client.post(f"/approvals/{made.pk}/", {"verdict": "approve"}).status_code == 302
    assert ApprovalRound.objects.get().outcome == "approved"


@pytest.mark.req("API-01")
def test_api_lists_shows_and_decides(world: World, policy: Make, asked: AskFor, visit: Visit) -> None:
    policy(("all", 1, [("person", world.owner)]), ("all", 1, [("role", "change_approver")]))
    made = asked(text="请看")
    api, stranger = Api(world.owner), Api(world.manager)
    [row] = api.results("approvals/")
    assert (row["id"], row["ticket"], row["steps"][0]["places"][0]["asked"]) == (made.pk, visit.number, ["owner"])
    assert stranger.post(f"approvals/{made.pk}/decide/", {"verdict": "approve"}).status_code == 403
    assert Api(world.requester).get(f"approvals/{made.pk}/").status_code == 404
    assert api.post(f"approvals/{made.pk}/decide/", {"verdict": "refuse"}).status_code == 400
    assert api.post(f"approvals/{made.pk}/decide/", {"verdict": "approve", "as": "lead"}).status_code == 400

    done = api.post(f"approvals/{made.pk}/decide/", {"verdict": "approve", "digest": row["digest"]})
    assert (done.status_code, done.json()["steps"][0]["places"][0]["decision"]["via"]) == (200, "api")
    many = Api(world.approver).post("approvals/decide/", {"rounds": [made.pk, 99], "verdict": "approve"}).json()
    assert (many["decided"], [one["id"] for one in many["refused"]]) == ([made.pk], [99])
    assert api.post(f"approvals/{made.pk}/decide/", {"verdict": "approve"}).status_code == 409


@pytest.mark.req("API-01", "CHG-03")
def test_programs_read_what_differs_since_the_last_round_and_page_through_all(
    world: World, policy: Make, asked: AskFor, visit: Visit
) -> None:
    policy(("all", 1, [("person", world.owner)]))
    first = asked()
    decide(pk=first.pk, user=world.owner, verdict="approve", now=MONDAY)
    ask(ticket=edit(visit, world), purpose=TRIP, user=world.desk, now=MONDAY)
    other = perform(Visit(), "register", user=world.desk, data={"summary": "?", "impact": "I1"}, now=MONDAY).ticket
    ask(ticket=other, purpose=TRIP, user=world.desk, now=MONDAY)
    api = Api(world.owner)

    page = api.get("approvals/?page_size=1&count=true").json()
    rest = api.get(page["next"]).json()

    assert (page["count"], page["results"][0]["ticket"], rest["next"]) == (2, other.number, None)
    [again] = rest["results"]
    assert [(line["name"], line["new"]) for line in again["changed"]] == [("group", visit_group(again))]
    assert page["results"][0]["changed"] == []
    assert api.get(f"approvals/{again['id']}/").json()["changed"] == again["changed"]


def visit_group(row: dict[str, Any]) -> str:
    """The group that was asked about."""
    return next(line["value"] for line in row["content"] if line["name"] == "group")


@pytest.mark.req("API-01")
def test_api_lets_somebody_stand_in_for_oneself_only(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]))
    world.lead.set_password("secret")
    world.lead.save()
    made, owner, lead = asked(), Api(world.owner), Api(world.lead)
    span = {"starts_at": "2026-01-01T08:00:00Z", "ends_at": "2099-01-01T08:00:00Z"}
    for wrong in ({**span, "deputy": "owner"}, {**span, "deputy": "lead", "person": "boss"}, {"deputy": "lead"}):
        assert owner.post("approvals/delegations/", wrong).status_code == 400
    row = owner.post("approvals/delegations/", {**span, "deputy": "lead"})
    assert (row.status_code, row.json()["deputy"]["username"]) == (201, "lead")
    assert [one["person"]["username"] for one in lead.results("approvals/delegations/")] == ["owner"]
    assert [one["id"] for one in lead.results("approvals/")] == [made.pk]

    address = f"approvals/delegations/{row.json()['id']}/end/"
    assert lead.post(address, {}).status_code == 404
    assert owner.post(address, {}).json()["results"] == []
    assert lead.results("approvals/") == []


def test_withdrawn_round_is_over(world: World, policy: Make, asked: AskFor, visit: Visit) -> None:
    policy(("all", 1, [("person", world.owner)]))
    made = asked()
    assert withdraw(ticket=visit, purpose=TRIP, user=world.desk, now=MONDAY)
    assert not withdraw(ticket=visit, purpose=TRIP, user=world.desk, now=MONDAY)
    with pytest.raises(ActionConflict):
        decide(pk=made.pk, user=world.owner, verdict="approve", now=MONDAY)


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_make_one_result_and_one_set_of_notices(world: World, policy: Make) -> None:
    policy(("any", 1, [("person", world.owner), ("person", world.lead)]))
    typed = {"summary": "去机房", "impact": "I4"}
    visit = perform(Visit(), "register", user=world.desk, data=typed, now=MONDAY).ticket
    made = ask(ticket=visit, purpose=TRIP, user=world.desk, now=MONDAY)
    begin, said = threading.Barrier(2), []

    def run(user: Any) -> None:
        try:
            begin.wait()
            decide(pk=made.pk, user=user, verdict="approve")
            said.append("done")
        except (ActionConflict, ActionForbidden):
            said.append("late")
        finally:
            connections.close_all()

    people = [reload_user(world.owner), reload_user(world.lead)]
    threads = [threading.Thread(target=run, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["done", "late"]
    assert (Decision.objects.count(), Notice.objects.filter(event="approval_ended").count()) == (1, 1)
