"""Every address there is gives a customer the same answer whatever is hidden from them, byte for byte (ORG-03).

Addresses come from the resolver, queries from the filters that lists declare; a new page or endpoint is asked, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import Role, User
from accounts.permissions import Permission
from cmdb.services import update_item
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.cmdb.isolation.estates import FREE, HIDDEN, SECRET, Estate, estate_of
from tests.factories import MONDAY, World, make_item, reload_user
from tickets.lifecycle import kind_of, kinds

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-03", "CMDB-09")]

#: Signing in and out, changing passwords and the administration know no items.
LEFT_OUT = (
    "admin:",
    "api:schema",
    "api:docs",
    "account_",
    "mfa_",
    "set_language",
    "socialaccount",
    "openid",
    "javascript-catalog",
)
#: What differs from one answer to the next, whoever asks what.
CHANCE = (
    r'name="csrfmiddlewaretoken"\s+value="\w+"',
    r'"X-CSRFToken":\s*"\w+"',
    r'nonce="[^"]+"',
    r'data-draft="[^"]+#[0-9a-f]{16}"',
    r'name="form_id" value="\w+"',
    r"%23[0-9a-f]{16}",
    r"\b[0-9a-f]{32}\b",
    r"(just now|\d+ \w+ ago)(?=<)",
    r"(?<=<dd>)\d+:\d\d:\d\d(?=</dd>)",  # how late the engine is, which grows
    r"itsm_timer_\w+_seconds(\{[^}]*\})? \d+",
)


def routes(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every named address with the names of its parts."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern) and entry.name and not (namespace + entry.name).startswith(LEFT_OUT):
            yield namespace + entry.name, tuple(entry.pattern.converters or entry.pattern.regex.groupindex)


def parts(user: User, estate: Estate, other_keys: list[int]) -> dict[str, list[Any]]:
    """What stands in for each part of an address: own things, and hidden ones."""
    tickets = estate.tickets.values()
    keys = [row.pk for row in (*estate.own.values(), *tickets)] + other_keys
    actions = {
        name
        for ticket in tickets
        for name, action in kind_of(ticket.kind).actions.items()
        if action.allow is not None and not action.system and action.allow(ticket, user)
    }
    return {
        "pk": [*keys, estate.file],
        "number": [ticket.number for ticket in tickets],
        "key": [*estate.own, *HIDDEN, "server", "trading"],
        "code": ["server", "trading", "incidents"],
        "kind": [kind.slug for kind in kinds()],
        "name": [*sorted(actions), "retire"],
        "table": ["ci-classes", "ci-statuses"],
    }


#: So many ways of filling one address are tried.
MOST = 24
ANYTHING: list[Any] = ["publish", "absence", "raise", "accept", 1, "incidents", "canned", "pdf", "none", "all"]


def addresses(user: User, estate: Estate, other_keys: list[int]) -> Iterator[list[str]]:
    """For every named address all that it is, with every part that fits."""
    known = parts(user, estate, other_keys)
    for name, names in sorted(set(routes(get_resolver()))):
        yield list(islice(_filled(name, names, known), MOST))


def _filled(name: str, names: tuple[str, ...], known: dict[str, list[Any]]) -> Iterator[str]:
    """The address with everything that fits, what is known varied first."""
    order = sorted(names, key=lambda part: part in known)
    for values in product(*(known.get(part, ANYTHING) for part in order)):
        try:
            yield reverse(name, kwargs=dict(zip(order, values, strict=True)))
        except NoReverseMatch:
            continue


def queries(other_keys: list[int]) -> list[str]:
    """What is asked of every address that answers: by name, by number, by attribute, by relation."""
    hidden, opened = HIDDEN[0], ",".join(map(str, other_keys))
    asked: list[dict[str, str]] = [
        {"q": SECRET},
        {"q": hidden},
        {"q": SECRET, "in": "items"},
        {"item": hidden},
        {"item": "HOST-1"},
        {"items": hidden, "summary": f"{hidden} {SECRET}"},
        {"open": opened},
        {"with": hidden},
        {"from": "HOST-1", "to": hidden},
        {"from": "HOST-1", "to": "HOST-3"},
        {"direction": "down"},
        {"a.upstream": hidden},
        {"a.upstream": "any"},
        {"a.upstream_label": hidden},
        {"alone": "true"},
        {"r1.how": "rests_on", "r1.q": SECRET},
        {"r1.how": "connects_to:out"},
        {"r1.how": "runs_on:in", "r1.none": "true"},
        {"as_of": "2026-11-23T05:00:00Z"},
        {"query": "100001"},
        {"expand": "items"},
        {"ordering": "items", "columns": "items"},
    ]
    return [urlencode(query) for query in asked]


def told(response: Any) -> tuple[int, str, str]:
    """What an answer says, without what chance has put into it, and without the moments of this very run."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    now = timezone.now()
    days = {f"{moment:%Y-%m-%d}" for moment in (now, timezone.localtime(now, ZoneInfo(settings.TIME_ZONE)))}
    chance = [*CHANCE, *(rf"{day}[T ]\d\d:\d\d(:\d\d(\.\d+)?)?" for day in days)]
    text = re.sub("|".join(chance), "", content.decode("utf-8", "replace"))
    return response.status_code, response.headers.get("Location", ""), text


def asked(get: Callable[[str], Any], user: User, estate: Estate, other_keys: list[int]) -> dict[str, Any]:
    """The answers to everything that can be asked for.

    Of one named address the first that answers is asked every query, each other one a third of them in turn.
    """
    found: dict[str, Any] = {}
    variants = queries(other_keys)
    for filled in addresses(user, estate, other_keys):
        answering = 0
        for address in filled:
            if "/news" in address or address.endswith("/events/"):
                continue  # streams without an end
            found[address] = told(get(address))
            if found[address][0] == 200 and "actions" not in address:
                mine = variants[answering % 3 :: 3] if answering else variants
                found.update({f"{address}?{query}": told(get(f"{address}?{query}")) for query in mine})
                answering += 1
    return found


def written(api: Api, estate: Estate) -> dict[str, Any]:
    """The answers to whoever tries to write about hidden items, and what is read afterwards."""
    hidden = HIDDEN[0]
    number = estate.tickets["incident"].number
    made = api.post("incidents/", {"summary": "坏了", "impact": "I4", "items": [hidden]})
    return {
        "register": told(made),
        "patch": told(api.patch(f"items/{hidden}/", {"name": "x"})),
        "make": told(
            api.post("items/", {"identifier": hidden, "name": "x", "ci_class": "server", "status": "in_use"})
        ),
        "discover": told(api.post("items/discovered/", {"source": "s", "items": [{"key": "1", "values": {}}]})),
        "add": told(api.post(f"incidents/{number}/actions/add_items/", {"items": [hidden]})),
        "reply": told(api.post(f"incidents/{number}/actions/comment/", {"text": hidden})),
    }


def browsing(user: User) -> Client:
    """A browser in which ``user`` is signed in."""
    User.objects.filter(pk=user.pk).update(language="en")
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def everything(user: User, world: World, hidden: int, other_keys: list[int]) -> tuple[dict[str, Any], list[int]]:
    """All that ``user`` can ask in a world with so many hidden items; and the keys of these."""
    with estate_of(world, hidden=hidden) as estate:
        client, api = browsing(user), Api(user)
        keys = other_keys or estate.hidden
        pages = asked(lambda address: (api if "/api/" in address else client).get(address), user, estate, keys)
        return pages | written(api, estate), keys


@pytest.fixture
def customer(world: World) -> User:
    """Somebody of a customer who may do more than most of them: export, too."""
    role = Role.objects.get(code="requester")
    role.permissions = [*role.permissions, Permission.EXPORT.value]
    role.save()
    return reload_user(world.requester)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["requester", "vendor"])
def test_no_answer_depends_on_hidden_items(world: World, customer: User, settings: Any, who: str) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    user = reload_user(world.people[who])

    many, keys = everything(user, world, len(HIDDEN), [])
    few, _keys = everything(user, world, 1, keys)

    assert many.keys() == few.keys()
    different = {address: (few[address], many[address]) for address in few if few[address] != many[address]}
    assert not different, "\n".join(map(str, list(different.items())[:10]))
    unasked = {address: answer for address, answer in many.items() if SECRET not in address.lower() and "/" in address}
    named = [address for address, answer in unasked.items() if SECRET in answer[2].lower()]
    assert named == []


def test_every_kind_is_asked_about(world: World) -> None:
    with estate_of(world, hidden=1) as estate:
        found = [one for filled in addresses(world.requester, estate, estate.hidden) for one in filled]
    assert {kind_of(ticket.kind).code for ticket in estate.tickets.values()} >= {"incident", "change", "problem"}
    assert any(address.startswith("/api/v1/items/HOST-1/impact/") for address in found)
    assert any(f"/items/{estate.hidden[0]}/graph/" in address for address in found)


@pytest.mark.parametrize("count", [0, 1])
def test_customers_learn_that_something_shared_is_affected_and_no_more(world: World, count: int) -> None:
    with estate_of(world, hidden=count) as estate:
        api, number = Api(world.requester), estate.tickets["incident"].number
        below = api.get("items/HOST-1/impact/?direction=down").json()
        page = browsing(world.requester).get(f"/tickets/{number}/").content.decode()
        above = api.get("items/HOST-2/impact/").json()

    assert (below["shared"], below["items"], below["total"]) == (bool(count), [], 0)
    assert above["shared"] is bool(count)
    assert ("Something that several customers share is affected." in page) is bool(count)
    assert "HOST-1" in page
    assert SECRET not in page.lower()


def test_what_is_released_is_seen_at_every_door_until_it_is_taken_back(world: World) -> None:
    with estate_of(world, hidden=1) as estate:
        manager, api = Api(world.admin), Api(world.requester)
        hidden = HIDDEN[0]
        problem(api.get(f"items/{hidden}/"), 404)
        problem(Api(world.engineer).post(f"items/{hidden}/releases/", {"organisation": "exchange"}), 403)
        assert manager.post("items/HOST-1/releases/", {"organisation": "exchange"}).status_code == 400
        for _again in range(2):
            assert manager.post(f"items/{hidden}/releases/", {"organisation": "exchange"}).status_code == 200

        assert api.get(f"items/{hidden}/").json()["name"] == f"{SECRET} {hidden}"
        below = api.get("items/HOST-1/impact/?direction=down").json()
        assert [row["identifier"] for row in below["items"]] == [hidden, "HOST-2", "HOST-3"]
        assert below["shared"] is False
        page = browsing(world.requester).get(f"/tickets/{estate.tickets['incident'].number}/")
        assert hidden in page.content.decode()
        problem(Api(world.requester2).get(f"items/{hidden}/"), 404)
        then = "as_of=2026-11-23T05:00:00Z"
        assert hidden in {row["identifier"] for row in api.results(f"items/?{then}")}
        problem(api.get(f"items/{hidden}/releases/"), 403)

        rows = manager.delete(f"items/{hidden}/releases/?organisation=exchange").json()["results"]
        assert [row["ended_at"] is not None for row in rows] == [True]
        problem(api.get(f"items/{hidden}/"), 404)
        problem(manager.delete(f"items/{hidden}/releases/?organisation=exchange"), 400)


def test_a_release_is_made_and_taken_back_in_the_page(world: World) -> None:
    with estate_of(world, hidden=1) as estate:
        manager, address = browsing(world.admin), f"/items/{estate.hidden[0]}/releases/"
        assert manager.post(address, {"organisation": "provider"}).status_code == 422
        assert manager.post(address, {"organisation": "exchange", "reason": "contract"}).status_code == 302
        assert "contract" in manager.get(address).content.decode()
        assert Api(world.requester).get(f"items/{HIDDEN[0]}/").status_code == 200
        assert manager.post(address, {"end": "exchange"}).status_code == 302
        problem(Api(world.requester).get(f"items/{HIDDEN[0]}/"), 404)
        assert browsing(world.engineer).post(address, {"end": "exchange"}).status_code == 403
        other = f"/items/{estate.own['HOST-1'].pk}/releases/"
        assert manager.post(other, {"organisation": "egov"}).status_code == 422


def test_the_past_of_an_item_under_another_customer_is_not_told(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("MOVED", world.organisations["egov"], name=SECRET)
    facts = {"name": "moved", "organisation_id": world.organisations["exchange"].pk}
    update_item(item=item, facts=facts, stamp=FREE)

    lines = Api(world.requester).results("items/MOVED/history/")

    assert [(line["text"], line["fields_changed"]) for line in lines] == [("recorded for the first time", [])]
    assert SECRET in str(Api(world.desk).results("items/MOVED/history/"))
