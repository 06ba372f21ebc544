"""An item is handed over, and kept by the next once they have signed (CMDB-03)."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password
from django.urls import reverse

from accounts.leaving import holdings_of, switch_off
from accounts.models import User
from cmdb.custody.services import NotHandedOver, end_handover, hand_over, may_receive
from cmdb.models import Attribute, Handover
from notifications.models import Delivery
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-03")]


@pytest.fixture(autouse=True)
def passwords(world: World) -> None:
    """Everybody can sign in; who cannot is no keeper."""
    for person in vars(world).values():
        if isinstance(person, User):
            person.password = make_password("x")
            person.save(update_fields=["password"])


def told(event: str) -> list[str]:
    rows = Delivery.objects.filter(notice__event=event, channel="portal").order_by("pk")
    return [row.recipient.username for row in rows if row.recipient]


def test_the_keeper_changes_when_the_receiver_has_signed(world: World) -> None:
    item = make_item("A", attributes={"keeper": "desk"})
    giver, receiver, other = signed_in(world.desk), signed_in(world.engineer), signed_in(world.manager)
    url = reverse("cmdb:hand_over", args=[item.pk])
    assert giver.post(url, {}).status_code == 422
    assert other.post(url, {"receiver": "engineer"}).status_code == 422, "neither its keeper nor an editor"
    answer = giver.post(url, {"receiver": "engineer", "condition": "two cables"})
    row = Handover.objects.get()
    assert answer["Location"] == reverse("cmdb:handover", args=[row.pk])
    assert told("item_handover") == ["engineer"]
    assert giver.post(url, {"receiver": "lead"}).status_code == 422, "it is being handed over already"

    page = answer["Location"]
    assert giver.post(page, {"taken": "1"}).status_code == 409
    item.refresh_from_db()
    assert item.attributes["keeper"] == "desk"
    assert receiver.get(page).context["signs"]
    assert receiver.post(page, {"taken": "1"}).status_code == 302
    item.refresh_from_db()
    assert item.attributes["keeper"] == "engineer"
    version = item.versions.latest("pk")
    assert (version.by, version.authority) == (world.engineer, "observed")
    assert told("item_handover") == ["engineer", "desk"]
    assert receiver.get(page + "?format=pdf").content.startswith(b"%PDF")
    assert receiver.post(page, {"taken": "1"}).status_code == 409
    assert signed_in(world.requester).get(page).status_code == 404


def test_it_is_refused_with_a_reason_or_taken_back(world: World) -> None:
    item = make_item("A")
    row = hand_over(item=item, receiver=world.engineer, condition="", by=world.admin)
    with pytest.raises(NotHandedOver):
        end_handover(handover=row, state="refused", by=world.engineer)
    end_handover(handover=row, state="refused", words="broken", by=world.engineer)
    again = hand_over(item=item, receiver=world.desk, condition="", by=world.admin)
    end_handover(handover=again, state="withdrawn", by=world.admin)
    item.refresh_from_db()
    assert "keeper" not in item.attributes


@pytest.mark.req("ORG-05")
def test_who_leaves_signs_for_nothing_more(world: World) -> None:
    row = hand_over(item=make_item("A"), receiver=world.engineer, condition="", by=world.admin)
    assert "A" in [held.name for held in holdings_of(world.engineer, MONDAY)]
    switch_off(user=world.engineer, by=world.admin, now=MONDAY)
    row.refresh_from_db()
    assert row.state == "withdrawn"


@pytest.mark.req("ORG-03")
def test_only_staff_and_the_items_own_customer_can_keep_it(world: World) -> None:
    own = make_item("OWN", organisation=world.requester.organisation)
    shared = make_item("SHARED")
    robot = User.objects.create_user("robot", full_name="监控平台", organisation=world.engineer.organisation)
    robot.roles.set(world.engineer.roles.all())
    assert robot not in may_receive(own)
    page = signed_in(world.admin)
    for item, people in ((own, {"requester", "engineer"}), (shared, {"engineer"})):
        offered = page.get(reverse("cmdb:hand_over", args=[item.pk])).context["form"].fields["receiver"].queryset
        names = set(offered.values_list("username", flat=True))
        assert names & {"requester", "requester2", "engineer", "robot"} == people
    for item, person in ((own, world.requester2), (shared, world.requester)):
        with pytest.raises(NotHandedOver, match=item.identifier):
            hand_over(item=item, receiver=person, condition="", by=world.admin)
        answer = Api(world.admin).post(f"items/{item.identifier}/handovers/", {"receiver": person.username})
        assert "receiver" in problem(answer, 400)["errors"]


@pytest.mark.req("PRT-01")
def test_a_requester_signs_in_the_portal(world: World) -> None:
    item = make_item("OWN", organisation=world.requester.organisation)
    row = hand_over(item=item, receiver=world.requester, condition="", by=world.admin)
    page = signed_in(world.requester)
    for url in (reverse("cmdb:handover", args=[row.pk]), reverse("cmdb:confirm")):
        html = page.get(url).content.decode()
        assert 'class="portal-top"' in html
        assert reverse("sla:health") not in html, "an address of staff is asked for"
    assert page.post(reverse("cmdb:handover", args=[row.pk]), {"taken": "1"}).status_code == 302


def test_the_api_hands_over_and_signs(world: World) -> None:
    make_item("A")
    made = Api(world.admin).post("items/A/handovers/", {"receiver": "engineer"}).json()
    assert made["state"] == "open"
    problem(Api(world.admin).post("items/A/handovers/", {"receiver": "desk"}), 409)
    assert "receiver" in problem(Api(world.admin).post("items/A/handovers/", {"receiver": "x"}), 400)["errors"]
    end = f"items/handovers/{made['id']}/end/"
    problem(Api(world.admin).post(end, {"state": "taken"}), 409)
    assert Api(world.engineer).post(end, {"state": "taken"}).json()["state"] == "taken"
    assert Api(world.desk).get("items/A/").json()["attributes"] == {"keeper": "engineer"}
    assert [row["state"] for row in Api(world.desk).get("items/A/handovers/").json()["results"]] == ["taken"]
    problem(Api(world.requester).get("items/A/handovers/"), 403)


@pytest.mark.req("CMDB-06")
def test_a_keeper_under_change_control_is_not_changed_by_signing(world: World) -> None:
    """Refused with the reason on the page and by program; it stays open."""
    item = make_item("A", attributes={"keeper": "desk"})
    row = hand_over(item=item, receiver=world.engineer, condition="", by=world.desk)
    Attribute.objects.filter(code="keeper").update(controlled=True)
    answer = Api(world.engineer).post(f"items/handovers/{row.pk}/end/", {"state": "taken"})
    problem(answer, 409)
    assert signed_in(world.engineer).post(reverse("cmdb:handover", args=[row.pk]), {"taken": "1"}).status_code == 409
    item.refresh_from_db()
    assert (item.attributes["keeper"], Handover.objects.get().state) == ("desk", "open")
