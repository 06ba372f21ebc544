"""What the words of a call suggest, and which open tickets may be the same event (INC-02, INC-11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from cmdb.models import BusinessSystem
from incidents.models import Incident
from tests.factories import World, act, incident_in, make_item, make_system, register_incident, resolve
from tests.pages.test_weight import queries_of
from tickets import clock
from tickets.models import TicketLink
from tickets.workspace.suggestions import Call, duplicates, phrases, suggest, words_of
from tickets.workspace.surroundings import surroundings_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-02", "INC-11")]

Browse = Callable[[User | None], Client]


@pytest.fixture
def past(world: World) -> None:
    """Finished tickets: four about mail, one about a keyboard."""
    make_system("mail")
    make_system("floor")
    for summary in ("外网邮件附件无法下载", "邮件附件打不开", "外网邮件收发很慢", "邮件附件被网关拦截"):
        incident_in("resolved", world, summary=summary, business_system="mail", category="sw-sys-security")
    incident_in("resolved", world, summary="交易大厅键盘失灵", business_system="floor", category="floor")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("邮件附件", {"邮件", "件附", "附件"}),
        ("OA登录 timeout", {"oa", "登录", "timeout"}),
        ("host-front-01 宕机", {"host-front-01", "宕机"}),
        ("无法", set()),
        ("", set()),
    ],
)
def test_words_are_latin_words_and_pairs_of_characters(text: str, words: set[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("common", "text", "read"),
    [
        (["外网", "网邮", "邮件", "附件"], "外网邮件的附件", ["外网邮件", "附件"]),
        (["oa", "登录"], "OA登录", ["oa", "登录"]),
        ([], "外网", []),
    ],
)
def test_common_words_read_as_they_stand(common: list[str], text: str, read: list[str]) -> None:
    assert phrases(common, text) == read


@pytest.mark.usefixtures("past")
def test_similar_finished_tickets_suggest_system_and_category_and_say_why(world: World) -> None:
    system, category = suggest(Call("邮件里的附件下载不了"), world.desk)

    assert (system.column, system.value, category.column) == ("business_system", "mail", "category")
    assert (system.count, system.of) == (3, 3)
    assert "附件" in system.words


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize("summary", ["打印机卡纸", "", "无法"])
def test_words_that_nothing_had_suggest_nothing(world: World, summary: str) -> None:
    assert suggest(Call(summary), world.desk) == []


@pytest.mark.usefixtures("past")
@pytest.mark.req("ORG-03")
def test_nothing_is_learned_from_tickets_that_the_person_does_not_see(world: World) -> None:
    assert suggest(Call("邮件里的附件下载不了"), world.requester2) == []


def test_open_tickets_of_the_same_event_come_with_their_reasons(world: World) -> None:
    make_system("mail")
    item = make_item("gw-mail").identifier
    twin = register_incident(
        world.desk, requester="requester", summary="邮件附件打不开", business_system="mail", items=[item]
    )
    register_incident(world.desk, requester="requester2", summary="键盘失灵")
    resolve(incident_in("in_progress", world, summary="邮件附件打不开"), world.engineer)
    found = duplicates(Call("邮件附件无法打开", "requester", "mail", (item,)), world.desk)

    assert [(row["number"], row["reasons"][:1], len(row["reasons"])) for row in found] == [(twin.number, [item], 4)]


def test_a_caller_alone_makes_no_duplicate(world: World) -> None:
    register_incident(world.desk, requester="requester", summary="键盘失灵")

    assert duplicates(Call("打印机卡纸", "requester"), world.desk) == []


def test_the_desk_links_while_registering(world: World, browse: Browse) -> None:
    main = register_incident(world.desk, requester="requester", summary="邮件附件打不开")
    page = browse(world.desk).get("/find/hints/?summary=邮件附件打不开").content.decode()
    assert f'data-main="{main.number}"' in page
    typed = {"summary": "附件", "requester": "colleague", "group": "host", "main": main.number}
    browse(world.desk).post("/incidents/new/", typed)
    twin = Incident.objects.exclude(pk=main.pk).get()

    assert (twin.duplicate_of_id, twin.state) == (main.pk, "assigned")
    assert TicketLink.objects.filter(source=twin, target=main, meaning="duplicate_of").exists()


def test_a_main_ticket_that_was_resolved_meanwhile_is_refused_with_what_was_typed(
    world: World, browse: Browse
) -> None:
    main = resolve(incident_in("in_progress", world), world.engineer)
    answer = browse(world.desk).post("/incidents/new/", {"summary": "typed with care", "main": main.number})

    assert answer.status_code == 422
    assert "typed with care" in answer.content.decode()
    assert Incident.objects.count() == 1


def test_who_does_not_dispatch_cannot_link_while_registering(world: World, browse: Browse) -> None:
    main = register_incident(world.desk, summary="邮件附件打不开")
    page = browse(world.engineer).get("/find/hints/?summary=邮件附件打不开").content.decode()
    assert main.number in page
    assert "data-main" not in page
    browse(world.engineer).post("/incidents/new/", {"summary": "x", "main": main.number})
    assert not Incident.objects.filter(duplicate_of=main).exists()


def test_after_registering_the_next_call_is_one_key_away(world: World, browse: Browse) -> None:
    page = browse(world.desk).post("/incidents/new/", {"summary": "x"}, follow=True).content.decode()
    number = Incident.objects.get().number

    assert f'{number} is registered. <a class="next-call" href="/incidents/new/">' in page


@pytest.mark.req("UX-02")
def test_hints_cost_the_same_for_one_and_three_similar_tickets(world: World, browse: Browse) -> None:
    make_system("mail")
    item = make_item("gw-mail").identifier
    client, found = browse(world.desk), []
    for more in (2, 1):
        for _number in range(more):
            about = {"summary": "邮件附件打不开", "business_system": "mail"}
            typed: dict[str, Any] = {**about, "category": "floor", "items": [item]}
            act(register_incident(world.desk, **typed), "note", world.desk, text="x")
            incident_in("closed", world, **typed)
        found.append(queries_of(client, f"/find/hints/?summary=邮件附件打不开&business_system=mail&items={item}"))
    assert found == [8, 8]


def test_no_more_is_compared_than_the_newest(world: World, django_assert_num_queries: Any) -> None:
    """What keeps suggesting fast: a bounded number of rows is read at once, whatever the portal holds."""
    for n in range(5):
        incident_in("resolved", world, summary=f"外网邮件附件无法下载 {n}", category="floor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tickets.workspace.suggestions.FINISHED", 3)
        with django_assert_num_queries(3):
            [category] = suggest(Call("邮件里的附件无法下载"), world.desk)
    assert (category.count, category.of) == (3, 3)


@pytest.mark.usefixtures("past")
def test_what_the_sentence_names_comes_before_history(world: World, browse: Browse) -> None:
    system = BusinessSystem.objects.get(code="phase6-trading")
    BusinessSystem.objects.filter(pk=system.pk).update(aliases=["六期", "CTP6"])
    item = make_item("host-front-01", business_system=system)
    incident_in("closed", world, summary="全部席位无法报单", business_system="trading-network")

    def named(sentence: str) -> list[tuple[str, str]]:
        found = suggest(Call(sentence), world.desk)
        return [(one.column, one.value) for one in found if one.named and one.column != "category"]

    assert named("六期交易系统宕机，全部席位无法报单") == [("business_system", "phase6-trading")]
    assert named("六期宕机") == [("business_system", "phase6-trading")]
    assert named("ctp6 is down") == [("business_system", "phase6-trading")]
    assert named("phase 6 trading system is down") == [("business_system", "phase6-trading")]
    assert named("HOST-FRONT-01 宕机") == [("business_system", "phase6-trading"), ("items", item.identifier)]
    assert named("host-front-011 宕机") == []
    assert named("email attachment") == []  # "mail" is a system of its own
    assert [one.value for one in suggest(Call("全部席位无法报单"), world.desk)] == []  # 1 of 1 is no evidence
    page = browse(world.desk).get("/find/hints/?summary=HOST-FRONT-01 宕机").content.decode()
    assert page.index('data-value="phase6-trading"') < page.index('data-add-item="host-front-01"')


@pytest.mark.req("DESK-01", "INC-12")
def test_what_was_closed_unresolved_helps_nobody(world: World) -> None:
    summary = "外网邮件附件无法下载"
    helps = incident_in("closed", world, summary=summary)
    not_solved = resolve(incident_in("in_progress", world, summary=summary), world.engineer)
    act(not_solved, "not_solved", world.requester, text="still")
    ticket = Incident.objects.filter(summary=summary, state="assigned").get()
    found = surroundings_of(ticket, world.desk, clock.now())
    assert [row["number"] for row in found.solved] == [helps.number]
