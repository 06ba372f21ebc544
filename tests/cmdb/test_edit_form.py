"""The page that changes an item: what nobody touched stays as it is, now and in the past (CMDB-01, CMDB-04)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from accounts.models import Organisation, SupportGroup, User
from cmdb.models import Attribute, BusinessSystem, ConfigurationItem, ItemVersion, Kind
from cmdb.services import Stamp, update_item
from cmdb.versioning.moments import replaying
from tests.factories import MONDAY, World, make_group, make_item, make_organisation, make_system, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]
FREE = Stamp(source="test", trusted=True)
HOUR = timedelta(hours=1)


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def sent_by_a_browser(form: Any) -> dict[str, str]:
    """What a browser posts of a page that nobody touched: it knows no option that is not there, and no broken date."""
    sent = {}
    for bound in form:
        value, widget = str(bound.value() if bound.value() is not None else ""), bound.field.widget
        choices: Any = getattr(bound.field, "choices", None)
        if choices is not None:
            sent[bound.name] = value if value in dict(choices) else ""
        elif isinstance(widget, forms.Textarea):
            sent[bound.name] = value.replace("\n", "\r\n")
        elif widget.attrs.get("type") == "date" and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            sent[bound.name] = ""
        elif not isinstance(bound.field, forms.BooleanField):
            sent[bound.name] = value.replace("\n", "")
    return sent


def save(client: Client, item: ConfigurationItem, **typed: str) -> None:
    """Open the page, type, save."""
    url = reverse("cmdb:edit", args=[item.pk])
    answer = client.post(url, {**sent_by_a_browser(client.get(url).context["form"]), **typed})
    assert answer.status_code == 302, answer.context["form"].errors
    item.refresh_from_db()


#: A stored value of every kind that the form does not offer any more, or that its field could not show.
GONE = {
    Kind.TEXT: "two\nlines",
    Kind.NUMBER: "many",
    Kind.DATE: "last summer",
    Kind.YES_NO: "perhaps",
    Kind.CHOICE: "removed",
    Kind.ITEM: "A-GONE",
    Kind.PERSON: "leaver",
    Kind.ORGANISATION: "closed",
    Kind.ADDRESS: "somewhere",
    Kind.URL: "not a url",
}


@pytest.fixture
def item(world: World) -> ConfigurationItem:
    """An item of every kind of field, all of whose values are offered no more."""
    closed, group = make_organisation("closed"), make_group("old-group")
    system = make_system("old-system")
    make_user("leaver")
    made = make_item(
        "A", closed, name="old", status_id="planned", business_system_id=system.pk, default_group_id=group.pk
    )
    for kind, value in GONE.items():
        Attribute.objects.create(code=f"k_{kind}", name_zh=kind, name_en=kind, kind=kind)
        update_item(item=made, facts={f"k_{kind}": value}, stamp=FREE)
    User.objects.filter(username="leaver").update(is_active=False)
    Organisation.objects.filter(code="closed").update(active=False)
    SupportGroup.objects.filter(code="old-group").update(active=False)
    BusinessSystem.objects.filter(pk="old-system").update(active=False)
    made.refresh_from_db()
    return made


def test_every_kind_is_tried() -> None:
    assert set(GONE) == set(Kind)


def test_what_is_offered_no_more_stays_when_something_else_is_saved(world: World, item: Any) -> None:
    columns = ("organisation_id", "business_system_id", "default_group_id")
    before = dict(item.attributes), {name: getattr(item, name) for name in columns}
    client = signed_in(world.engineer)

    save(client, item, name="new")

    assert item.name == "new"
    assert (item.attributes, {name: getattr(item, name) for name in columns}) == before
    page = client.get(reverse("cmdb:edit", args=[item.pk])).content.decode()
    assert page.count("(no longer offered)") == 7  # three columns, yes or no, choice, person, organisation
    latest = ItemVersion.objects.filter(item=item).latest("pk")
    assert {name for name, (source, _at) in latest.sources.items() if source == "page"} == {"name"}


def test_what_is_offered_no_more_can_be_taken_away_but_not_chosen_anew(world: World, item: Any) -> None:
    client = signed_in(world.engineer)
    save(client, item, k_person="", k_choice="", organisation="")
    assert {"k_person", "k_choice"} & item.attributes.keys() == set()
    assert item.organisation_id is None
    answer = client.post(reverse("cmdb:edit", args=[item.pk]), {"name": "x", "k_person": "leaver"})
    assert answer.status_code == 422


def test_what_was_not_sent_was_not_asked(world: World, item: Any) -> None:
    before = dict(item.attributes)
    signed_in(world.engineer).post(reverse("cmdb:edit", args=[item.pk]), {"name": "new"})
    item.refresh_from_db()
    assert (item.name, item.attributes) == ("new", before)


@pytest.mark.req("CMDB-04")
def test_so_since_rewrites_only_what_was_changed(world: World) -> None:
    """The name changed at 10; then only the room is said to be another since 3: at 5 it still has the old name."""
    with replaying(MONDAY):
        item = make_item("A", name="old", status_id="planned", attributes={"room": "1"})
    with replaying(MONDAY + 10 * HOUR):
        update_item(item=item, facts={"name": "new"}, stamp=FREE)
    since = (MONDAY + 3 * HOUR).strftime("%Y-%m-%dT%H:%M%z")

    save(signed_in(world.engineer), item, room="2", since=since)

    then = [ItemVersion.objects.believed().get(item=item, valid__contains=MONDAY + hour * HOUR) for hour in (1, 5, 12)]
    assert [(row.name, row.attributes["room"]) for row in then] == [("old", "1"), ("old", "2"), ("new", "2")]
