"""Announcements: those affected read them, while they matter, until they put them away (NTF-04)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organisation, User
from announcements.models import Announcement
from announcements.services import dismiss
from records.actions import perform
from tests.api.client import Api, problem
from tests.factories import World, make_group, register_incident, reload_user
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-04")]

Browse = Callable[[User | None], Client]
TEXT = "会员服务系统升级"


def announce(world: World, *organisations: str, published: bool = True, **fields: Any) -> Announcement:
    """An announcement of the incident manager, shown since an hour and for another one."""
    now = clock.now()
    hour = timedelta(hours=1)
    values = {"text_zh": TEXT, "text_en": "Upgrade", "shown_from": now - hour, "shown_until": now + hour, **fields}
    made = Announcement.objects.create(state="draft", author=world.manager, created_at=now, updated_at=now, **values)
    made.organisations.set(Organisation.objects.filter(code__in=organisations))
    return step(made, "publish", world) if published else made


def step(made: Announcement, name: str, world: World) -> Announcement:
    """``made`` after the manager took a step."""
    return perform(made, name, user=world.manager, now=clock.now()).record  # type: ignore[attr-defined]


def read_by(user: User) -> list[Announcement]:
    """What the person is shown now."""
    return list(Announcement.objects.visible_to(user).shown(clock.now()).not_dismissed_by(user))


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize(
    ("organisations", "readers"),
    [
        ([], {"requester", "requester2", "vendor", "desk", "manager"}),
        (["exchange"], {"requester", "desk", "manager"}),
        (["egov"], {"requester2", "desk", "manager"}),
        (["exchange", "egov"], {"requester", "requester2", "desk", "manager"}),
    ],
)
def test_only_those_affected_and_the_staff_read_it(world: World, organisations: list[str], readers: set[str]) -> None:
    made = announce(world, *organisations)

    people = ("requester", "requester2", "vendor", "desk", "manager")
    assert {name for name in people if read_by(world.people[name]) == [made]} == readers


def test_it_begins_and_ends_by_itself(world: World) -> None:
    made, now = announce(world), clock.now()
    shown = Announcement.objects.visible_to(world.requester).shown

    moments = {name: now + timedelta(minutes=m) for name, m in {"coming": -90, "shown": 0, "ended": 90}.items()}
    assert {name: made.standing(at) for name, at in moments.items()} == {name: name for name in moments}
    assert {name: shown(at).exists() for name, at in moments.items()} == {
        "coming": False,
        "shown": True,
        "ended": False,
    }


def test_what_ended_by_itself_is_not_ended_once_more(world: World, browse: Browse) -> None:
    made = announce(world)
    Announcement.objects.filter(pk=made.pk).update(shown_until=clock.now() - timedelta(minutes=1))

    assert f"/announcements/{made.pk}/end/" not in browse(world.manager).get("/announcements/").content.decode()
    refused = problem(Api(world.manager).post(f"announcements/{made.pk}/end/"), 409)
    assert (refused["detail"], refused["possible"]) == ("It has ended by itself.", ["edit"])


def test_nobody_reads_a_draft_or_one_that_was_ended(world: World) -> None:
    announce(world, published=False)
    ended = announce(world)
    step(ended, "end", world)

    assert [read_by(user) for user in (world.requester, world.desk)] == [[], []]


def test_what_is_put_away_stays_away_until_it_changes(world: World) -> None:
    made = announce(world)
    dismiss(announcement=made, user=world.requester, now=clock.now())
    assert (read_by(world.requester), read_by(world.colleague)) == ([], [made])

    Announcement.objects.filter(pk=made.pk).update(updated_at=clock.now())
    assert read_by(world.requester) == [made]


def test_what_hurts_stands_first(world: World) -> None:
    news, planned, unplanned = (announce(world, kind=kind) for kind in ("information", "planned", "unplanned"))

    assert read_by(world.requester) == [unplanned, planned, news]


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("requester", False),
        ("engineer", False),
        ("desk", False),
        ("lead", False),
        ("manager", True),
        ("admin", True),
        ("nobody", False),
    ],
)
def test_who_may_write(world: World, browse: Browse, who: str, may: bool) -> None:
    made, client = announce(world, published=False), browse(world.people[who])
    addresses = ["/announcements/new/", f"/announcements/{made.pk}/"]
    assert [client.get(url).status_code for url in addresses] == [200 if may else 403] * 2
    assert client.post("/announcements/preview/").status_code == (200 if may else 403)
    assert client.post(f"/announcements/{made.pk}/publish/").status_code == (302 if may else 403)
    made.refresh_from_db()
    assert (made.published_at is not None) is may


def test_the_lead_of_the_service_desk_may_write(world: World, browse: Browse) -> None:
    group = make_group("desk-night", tier="desk", members=[world.desk2], lead=world.desk2)

    assert group.lead == world.desk2
    assert browse(reload_user(world.desk2)).get("/announcements/new/").status_code == 200


def typed(**fields: Any) -> dict[str, Any]:
    """What is typed into the form."""
    return {
        "kind": "planned",
        "text_zh": TEXT,
        "text_en": "",
        "starts_at": "2026-11-24T22:00",
        "ends_at": "2026-11-24T23:30",
        "shown_from": "2026-11-22T08:00",
        "shown_until": "2036-11-24T23:30",
        **fields,
    }


def test_it_is_written_kept_published_and_ended_in_the_page(world: World, browse: Browse) -> None:
    client = browse(world.manager)
    client.post("/announcements/new/", typed(systems=["member-service"], organisations=["exchange"]))
    made = Announcement.objects.get()
    assert (made.published_at, made.text, read_by(world.requester)) == (None, TEXT, [])
    assert [row.code for row in made.systems.all()] == ["member-service"]
    assert [row.code for row in made.organisations.all()] == ["exchange"]

    client.post(f"/announcements/{made.pk}/", typed(text_en="Upgrade", organisations=["exchange"], publish="1"))
    assert (read_by(world.requester), read_by(world.requester2)) == ([made], [])
    client.post(f"/announcements/{made.pk}/end/")
    assert read_by(world.requester) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text_zh": ""}, "text_zh"),
        ({"ends_at": "2026-11-24T21:00"}, "ends_at"),
        ({"shown_until": "2026-11-21T21:00"}, "shown_until"),
        ({"starts_at": ""}, "starts_at"),
        ({"ticket": "IM991231000001"}, "ticket"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_the_field(
    world: World, browse: Browse, wrong: dict[str, str], field: str
) -> None:
    answer = browse(world.manager).post("/announcements/new/", typed(**wrong))

    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not Announcement.objects.exists()


@pytest.mark.req("UX-01")
def test_the_preview_shows_both_languages_and_what_is_missing(world: World, browse: Browse) -> None:
    page = browse(world.manager).post("/announcements/preview/", typed()).content.decode()

    assert page.count(TEXT) == 2
    assert page.count("This language is missing") == 1
    assert not Announcement.objects.exists()


def test_a_draft_can_be_thrown_away_and_what_was_published_cannot(world: World, browse: Browse) -> None:
    draft, said = announce(world, published=False), announce(world)
    for made in (draft, said):
        browse(world.manager).post(f"/announcements/{made.pk}/discard/")

    assert list(Announcement.objects.kept()) == [said]
    assert [line.step for line in draft.log.all()] == ["discard"]


@pytest.mark.req("UX-02")
def test_it_stands_in_the_portal_and_above_the_workspace(world: World, browse: Browse) -> None:
    made = announce(world, "exchange")
    pages = {
        name: browse(world.people[name]).get(url).content.decode()
        for name, url in (("requester", "/portal/"), ("requester2", "/portal/"), ("desk", "/my/"))
    }
    assert {name: "Upgrade" in page for name, page in pages.items()} == {
        "requester": True,
        "requester2": False,
        "desk": True,
    }
    client = browse(world.requester)
    answer = client.post(
        f"/announcements/{made.pk}/dismiss/", headers={"HX-Request": "true", "HX-Target": "bands"}
    ).text
    assert ('id="bands"' in answer, "Upgrade" in answer) == (True, False)
    assert "Upgrade" not in client.get("/portal/").content.decode()
    assert browse(world.requester2).post(f"/announcements/{made.pk}/dismiss/").status_code == 404


@pytest.mark.req("ORG-03")
def test_readers_are_not_told_who_else_is_affected(world: World, browse: Browse) -> None:
    announce(world, "exchange", ticket=register_incident(world.desk))
    page = browse(world.requester).get("/announcements/").content.decode()

    assert "Upgrade" in page
    assert [text for text in ("IM", "Manager", "/announcements/new/") if text in page] == []


@pytest.mark.req("API-01")
def test_the_api_writes_publishes_and_ends(world: World) -> None:
    api = Api(world.manager)
    sent = {"kind": "planned", "text_zh": TEXT, "organisations": ["exchange"]}
    sent |= {"shown_from": "2026-11-22T00:00:00Z", "shown_until": "2036-11-22T00:00:00Z"}
    made = api.post("announcements/", sent)
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["organisations"]) == ("draft", ["exchange"])
    pk = made.json()["id"]
    assert Api(world.requester).get(f"announcements/{pk}/").status_code == 404

    assert api.post(f"announcements/{pk}/publish/").json()["state"] == "shown"
    changed = api.post(f"announcements/{pk}/", {"text_en": "Upgrade"}).json()
    assert (changed["text_zh"], changed["text_en"], changed["organisations"]) == (TEXT, "Upgrade", ["exchange"])
    read = Api(world.requester).get(f"announcements/{pk}/").json()
    assert (read["text"], "organisations" in read, "author" in read) == ("Upgrade", False, False)
    assert Api(world.requester2).results("announcements/") == []

    assert Api(world.requester).post(f"announcements/{pk}/dismiss/").status_code == 204
    assert read_by(world.requester) == []
    assert api.post(f"announcements/{pk}/end/").json()["state"] == "ended"
    assert api.results("announcements/?shown=true") == []


@pytest.mark.req("API-01")
def test_the_api_refuses_what_the_page_refuses(world: World) -> None:
    made = announce(world)
    for path in ("announcements/", f"announcements/{made.pk}/", f"announcements/{made.pk}/end/"):
        problem(Api(world.requester).post(path, {"text_zh": "x"}), 403)
    answer = problem(Api(world.manager).post(f"announcements/{made.pk}/", {"nonsense": "x"}), 400)
    assert list(answer["errors"]) == ["nonsense"]
    made.refresh_from_db()
    assert (made.text_zh, made.ended_at) == (TEXT, None)


@pytest.mark.req("TKT-08")
def test_two_people_do_not_overwrite_one_another(world: World, browse: Browse) -> None:
    made, client = announce(world), browse(world.manager)
    opened = {**typed(text_en="Mine"), "version": str(made.version)}
    step(made, "end", world)

    refused = client.post(f"/announcements/{made.pk}/", opened)
    page = refused.content.decode()
    made.refresh_from_db()
    assert (refused.status_code, "Mine" in page, made.text_en) == (409, True, "Upgrade")
    assert f"{world.manager.display_name} changed this at " in page
    assert "Save again to replace it." in page
    assert client.post(f"/announcements/{made.pk}/", {**opened, "version": str(made.version)}).status_code == 302


def test_what_nobody_would_be_shown_is_not_published(world: World, browse: Browse) -> None:
    sent = typed(shown_from="2020-01-01T08:00", shown_until="2020-01-02T08:00", publish="1")
    answer = browse(world.manager).post("/announcements/new/", sent)

    assert (answer.status_code, 'id="id_shown_until_error"' in answer.content.decode()) == (409, True)
    assert not Announcement.objects.exists()


@pytest.mark.req("SEC-03")
def test_its_history_says_who_did_what(world: World, browse: Browse) -> None:
    client = browse(world.manager)
    client.post("/announcements/new/", typed())
    made = Announcement.objects.get()
    client.post(f"/announcements/{made.pk}/", typed(kind="information", publish="1"))

    page = client.get(f"/announcements/{made.pk}/").content.decode()
    assert [
        text
        for text in ("Written", "Changed", "Published", "Planned interruption", str(world.manager))
        if text not in page
    ] == []
    lines = Api(world.manager).get(f"announcements/{made.pk}/log/").json()
    assert [line["step"] for line in lines] == ["publish", "edit", "write"]
    assert lines[1]["changes"] == [{"field": "kind", "old": "planned", "new": "information"}]
    assert Api(world.requester).get(f"announcements/{made.pk}/log/").status_code == 404


@pytest.mark.slow
def test_a_refused_step_says_why_in_page_and_api(world: World, browse: Browse) -> None:
    made = announce(world)
    page = browse(world.manager).post(f"/announcements/{made.pk}/discard/", follow=True).content.decode()
    assert "This is not possible in the state “Published”." in page

    api = Api(world.manager)
    refused = problem(api.post(f"announcements/{made.pk}/discard/"), 409)
    assert refused["possible"] == ["edit", "end"]
    stale = problem(api.post(f"announcements/{made.pk}/", {"text_en": "x"}, if_match='"7"'), 412)
    assert stale["current_version"] == made.version


def test_it_is_shown_from_its_first_moment_until_before_its_last(world: World) -> None:
    made = announce(world)
    instant = timedelta(microseconds=1)
    moments = (made.shown_from - instant, made.shown_from, made.shown_until - instant, made.shown_until)

    assert [made.standing(moment).value for moment in moments] == ["coming", "shown", "shown", "ended"]
    shown = [Announcement.objects.visible_to(world.desk).shown(moment).exists() for moment in moments]
    assert shown == [False, True, True, False]


@pytest.mark.req("PRT-01")
def test_the_portal_shows_the_most_urgent_and_the_others_behind_a_line(world: World, browse: Browse) -> None:
    made = [announce(world).pk for _each in range(3)]
    page = browse(world.requester).get("/portal/").content.decode()
    first, _line, others = page.partition("2 more announcements")
    assert [number for number in made if f'id="announcement-{number}"' in first] == made[-1:]
    assert all(f'id="announcement-{number}"' in others for number in made[:-1])
