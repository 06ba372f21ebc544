"""Which tickets are found, by whom; whatever way the words are looked for."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from tests.factories import World, act, incident_in, make_item, register_incident
from tickets.models import StaleDocuments, Ticket
from tickets.search import matching as module
from tickets.search.matching import matching
from tickets.search.refreshing import refresh_stale, write_documents

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-09", "ORG-03")]

TEXT = "核心交易主机VPN证书将于明日过期，请host-core-01管理员Wang尽快处理。"


@pytest.fixture(params=["along the list", "by keys", "too many for keys"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way in which words are looked for."""
    if request.param != "along the list":
        monkeypatch.setattr(module, "SAMPLE", 0)
        monkeypatch.setattr(module, "COMMON", 1)
    if request.param == "too many for keys":
        monkeypatch.setattr(module, "MOST_KEYS", 0)
    return str(request.param)


def found(user: User, text: str, tickets: Any = None) -> list[str]:
    """Numbers of the tickets that ``user`` finds."""
    visible = Ticket.objects.visible_to(user) if tickets is None else tickets
    return sorted(matching(visible, text, user).values_list("number", flat=True))


@pytest.mark.parametrize(
    "text",
    [
        *("核", "机", "交易", "主机", "主机V", "机VPN", "VPN证书", "vpn 证书", "证书将于明日过期", "过期，请"),
        *("host-core-01", "core-01", "core", "WANG", "wan", "“VPN证书”", "处理 核心", "ＶＰＮ", "Wang尽快"),
    ],
)
def test_words_are_found_wherever_they_stand(world: World, way: str, text: str) -> None:
    ticket = register_incident(world.requester, summary="咨询", description=TEXT)
    register_incident(world.requester, summary="无关", description="别的内容")

    assert found(world.desk, text) == found(world.requester, text) == [ticket.number]


@pytest.mark.parametrize("text", ["证机", "机主", "过期处理", "ost-core", "“wan”", "VPN 打印", "！", "01-core"])
def test_what_does_not_stand_there_is_not_found(world: World, way: str, text: str) -> None:
    register_incident(world.requester, summary="咨询", description=TEXT)

    assert found(world.desk, text) == []


def test_no_words_narrow_nothing(world: World) -> None:
    register_incident(world.requester)

    assert len(found(world.desk, "")) == len(found(world.desk, "  ")) == 1


def test_numbers_are_found_by_beginning_and_end(world: World, way: str) -> None:
    first = register_incident(world.requester, now=datetime(2026, 3, 31, 17, tzinfo=UTC))
    second = register_incident(world.requester, now=datetime(2026, 5, 2, tzinfo=UTC))
    act(second, "note", world.desk, text=f"另见 {first.number}")

    assert first.number == "IM260401000001"
    assert found(world.desk, "im2604") in ([first.number], [first.number, second.number])  # said in the other's note
    assert found(world.desk, "im2605") == [second.number]
    assert found(world.desk, "0001") == [first.number, second.number]
    assert found(world.desk, "260401000001") in ([first.number], [first.number, second.number])
    assert found(world.requester, first.number) == [first.number]


def test_requesters_never_find_by_what_only_staff_read(world: World, way: str) -> None:
    ticket = incident_in("registered", world)
    ticket = act(ticket, "assign", world.desk, group="host", text="推诿扯皮")
    act(ticket, "note", world.desk, text="客户难缠")
    act(ticket, "add_items", world.desk, items=[make_item("host-secret-07").identifier])
    Ticket.objects.get(pk=ticket.pk)
    type(ticket).objects.filter(pk=ticket.pk).update(cause="配置失误")

    for text in ("扯皮", "难缠", "host-secret-07", "失误"):
        assert (found(world.desk, text), found(world.requester, text)) == ([ticket.number], []), text


def test_other_organisations_and_suppliers_find_nothing(world: World, way: str) -> None:
    ticket = register_incident(world.requester, summary="独一无二的词")

    assert found(world.requester, "独一无二") == [ticket.number]
    assert (
        found(world.requester2, "独一无二") == found(world.vendor, "独一无二") == found(world.nobody, "独一无二") == []
    )


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE tickets_ticket; --", "a' | 'b", "x:*B", "!打印", "(", "\\", "%", "_", "<->", "{}", "𠀀"]
)
def test_what_looks_like_a_query_is_a_text(world: World, way: str, text: str) -> None:
    register_incident(world.requester, summary="打印机卡纸")

    assert len(found(world.desk, text)) <= 1
    assert Ticket.objects.count() == 1


def test_any_order_and_other_conditions_stay(world: World, way: str) -> None:
    tickets = [register_incident(world.requester, summary=f"打印机 {n}") for n in range(3)]
    narrowed = Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets[:2]]).order_by("-number")

    assert [ticket.pk for ticket in matching(narrowed, "打印", world.desk)] == [tickets[1].pk, tickets[0].pk]


def test_new_names_are_found_after_refreshing(world: World) -> None:
    StaleDocuments.objects.all().delete()  # others may have left some
    ticket = register_incident(world.requester)
    User.objects.filter(pk=world.requester.pk).update(full_name="欧阳修")
    assert found(world.desk, "欧阳") == []

    assert refresh_stale() == 1
    assert (found(world.desk, "欧阳"), StaleDocuments.objects.exclude(key=None).exists()) == ([ticket.number], False)


def test_refreshing_goes_on_where_it_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.search.refreshing.BATCH", 2)
    StaleDocuments.objects.all().delete()  # others may have left some
    tickets = [register_incident(world.requester) for _ in range(5)]
    User.objects.filter(pk=world.requester.pk).update(full_name="欧阳修")

    assert refresh_stale(seconds=0) == 0
    assert refresh_stale() == 5
    assert found(world.desk, "欧阳修") == [ticket.number for ticket in tickets]


def test_writing_again_repairs_documents(world: World) -> None:
    ticket = register_incident(world.requester, summary="打印机")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tickets_searchdocument")
    assert found(world.desk, "打印机") == []

    assert write_documents(Ticket.objects.all()) == 1
    assert found(world.desk, "打印机") == [ticket.number]


@settings(max_examples=40)
@given(data=st.data())
def test_every_part_of_a_stored_text_finds_its_ticket(world: World, data: st.DataObject) -> None:
    characters = st.text(st.sampled_from("主机网络故障登录缓慢系统报错审批流程核心"), min_size=1, max_size=12)
    words = st.sampled_from(["VPN", "host-core-01", "E1234", "a@example.com", "10.0.0.1"])
    pieces = data.draw(st.lists(st.one_of(characters, words), min_size=1, max_size=6))
    ticket = register_incident(world.requester, summary=f"单{next(SERIAL)}", description="，".join(pieces))
    piece = data.draw(st.sampled_from(pieces))
    if not piece.isascii():
        start = data.draw(st.integers(0, len(piece) - 1))
        piece = piece[start : data.draw(st.integers(start + 1, len(piece)))]

    assert ticket.number in found(world.desk, piece)


SERIAL = count()


def test_common_words_cost_one_query_before_the_list_and_rare_ones_two(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_incident(world.requester, summary="打印机")

    def cost(text: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            list(matching(Ticket.objects.all(), text, world.desk))
        return len(captured)

    assert cost("打印") == 2
    monkeypatch.setattr(module, "SAMPLE", 1)
    assert (cost("没有"), cost("打印")) == (3, 3)
