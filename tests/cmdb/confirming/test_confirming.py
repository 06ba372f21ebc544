"""Owners confirm at the rhythm of the class: who and when is kept, told once a period, stale in health (CMDB-07)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from cmdb.confirming.services import confirm, rhythms, to_confirm
from cmdb.definitions import Definitions
from cmdb.models import CIClass, ConfigurationItem, Confirmation
from cmdb.services import Stamp, update_item
from cmdb.versioning.moments import replaying
from notifications.models import Delivery
from notifications.telling.items import tell_confirmations
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-07")]

DAY = timedelta(days=1)
FREE = Stamp(source="test", trusted=True)


def estate(days: int = 30) -> dict[str, ConfigurationItem]:
    """Two servers of the engineer and one of the desk, first recorded 100 days ago; one that came yesterday."""
    CIClass.objects.filter(pk="server").update(confirm_days=days)
    with replaying(timezone.now() - 100 * DAY):
        found = {name: make_item(name, attributes={"owner": "engineer", "memory": "32 GB"}) for name in "AB"}
        found["C"] = make_item("C", attributes={"owner": "desk"})
    with replaying(timezone.now() - DAY):
        found["NEW"] = make_item("NEW", attributes={"owner": "engineer"})
    return found


def names(user: User, later: timedelta = timedelta()) -> list[str]:
    return list(to_confirm(user, timezone.now() + later).values_list("identifier", flat=True))


def test_the_nearest_class_says_the_rhythm(world: World) -> None:
    below = CIClass.objects.create(code="blade", name_zh="刀片", name_en="Blade", parent_id="server")
    CIClass.objects.filter(pk="server").update(confirm_days=30)
    assert rhythms(Definitions()) == {30: ["server", "blade"]} or set(rhythms(Definitions())[30]) >= {
        "server",
        "blade",
    }
    below.confirm_days = 0
    below.save()
    assert "blade" not in rhythms(Definitions())[30]


def test_what_waits_for_whom_and_when_again(world: World) -> None:
    items = estate()
    assert (names(world.engineer), names(world.desk)) == (["A", "B"], ["C"])
    now = timezone.now()
    assert confirm(by=world.desk, shown_at=now, now=now, keys=[items["A"].pk]) == []
    assert confirm(by=world.engineer, shown_at=now, now=now, keys=[items["A"].pk]) == [items["A"].pk]
    assert confirm(by=world.engineer, shown_at=now, now=now, keys=[items["A"].pk]) == []
    assert names(world.engineer) == ["B"]
    assert names(world.engineer, 31 * DAY) == ["A", "B", "NEW"]
    with replaying(timezone.now()):
        update_item(item=items["B"], facts={"memory": "64 GB"}, stamp=FREE)
    assert confirm(by=world.engineer, shown_at=now, now=timezone.now()) == [], "written since it was read"
    assert confirm(by=world.engineer, shown_at=timezone.now(), now=timezone.now()) == [items["B"].pk]
    for statement in (Confirmation.objects.all().delete, lambda: Confirmation.objects.update(by=world.desk)):
        with pytest.raises(DatabaseError), transaction.atomic():
            statement()


def test_owners_are_told_once_a_period(world: World) -> None:
    estate()
    now = timezone.now()

    def told() -> list[str]:
        found = Delivery.objects.filter(notice__event="items_to_confirm", channel="portal").order_by("pk")
        return [row.recipient.username for row in found if row.recipient]

    assert (tell_confirmations(now), tell_confirmations(now + DAY)) == (2, 0)
    assert sorted(told()) == ["desk", "engineer"]
    confirm(by=world.engineer, shown_at=now, now=now)
    assert tell_confirmations(now + 2 * DAY) == 0
    assert tell_confirmations(now + 29 * DAY + DAY / 2) == 1, "the one that came later"
    assert tell_confirmations(now + 31 * DAY) == 1, "the next period"
    assert told().count("engineer") == 3


def test_the_page_confirms_one_and_all(world: World) -> None:
    items = estate()
    page = signed_in(world.engineer)
    shown = page.get("/items/confirm/").context
    assert ([row["item"].identifier for row in shown["rows"]], shown["count"]) == (["A", "B"], 2)
    one = {"shown_at": shown["shown_at"], "item": items["A"].pk}
    assert page.post("/items/confirm/", one).status_code == 302
    assert [row["item"].identifier for row in page.get("/items/confirm/").context["rows"]] == ["B"]
    health = signed_in(world.admin).get("/items/health/").context["sections"]
    [late] = [row for rows in health.values() for row in rows if "unconfirmed" in row.url]
    assert (late.count, late.of) == (2, 4)
    assert [line["identifier"] for line in Api(world.admin).get("items/?unconfirmed=true").json()["results"]] == [
        "B",
        "C",
    ]
    page.post("/items/confirm/", {"shown_at": page.get("/items/confirm/").context["shown_at"]})
    assert names(world.engineer) == []
    assert page.post("/items/confirm/", {"shown_at": "x"}).status_code == 302
    assert world.engineer.display_name in signed_in(world.admin).get(f"/items/{items['A'].pk}/").content.decode()
    assert Confirmation.objects.count() == 2


@pytest.mark.req("ORG-03")
def test_a_customer_confirms_their_own_and_reads_no_people(world: World) -> None:
    CIClass.objects.filter(pk="server").update(confirm_days=30)
    own = {"owner": world.requester.username}
    with replaying(timezone.now() - 100 * DAY):
        make_item("OWN", attributes={**own, "keeper": "engineer"}, organisation=world.requester.organisation)
        make_item("SHARED", attributes=own)
    [row] = signed_in(world.requester).get("/items/confirm/").context["rows"]
    assert row["item"].identifier == "OWN"
    assert "keeper" not in row["item"].attributes
    found = Api(world.requester).get("items/confirmations/").json()
    assert [line["identifier"] for line in found["results"]] == ["OWN"]
    assert "keeper" not in found["results"][0]["attributes"]


def test_confirming_in_the_api(world: World) -> None:
    estate()
    api = Api(world.engineer)
    found = api.get("items/confirmations/").json()
    assert ([row["identifier"] for row in found["results"]], found["count"]) == (["A", "B"], 2)
    assert "shown_at" in problem(api.post("items/confirmations/", {"items": ["A"]}), 400)["errors"]
    assert (
        "items"
        in problem(api.post("items/confirmations/", {"shown_at": found["shown_at"], "items": "A"}), 400)["errors"]
    )
    body = {"shown_at": found["shown_at"], "items": ["A", "C"]}
    assert api.post("items/confirmations/", body).json() == {"confirmed": ["A"]}
    assert api.post("items/confirmations/", {"shown_at": found["shown_at"]}).json() == {"confirmed": ["B"]}
    assert api.get("items/confirmations/").json()["count"] == 0
