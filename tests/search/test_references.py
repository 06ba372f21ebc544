"""Numbers as they are pasted: from addresses, subjects, chats, other products (DESK-03)."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.factories import World, register_incident
from tickets.models import Ticket
from tickets.search.matching import matching, numbers_in

N, D = "IM261129000016", "261129000016"


@pytest.mark.req("DESK-03")
@pytest.mark.parametrize(
    "pasted",
    [
        N,
        N.lower(),
        "ＩＭ２６１１２９００００１６",
        f" {N}\n",
        f"{N}。",
        f"#{N}",
        f"[{N}]",
        f"【{N}】",
        f"（{N}）",
        f"“{N}”",
        f"工单 {N}",
        f"工单{N}",
        f"单号：{N}",
        f"编号:{N}",
        f"Ticket#{N}",
        f"Ticket: {N}",
        f"Re: [{N}] host-front-01",
        f"回复：[{N}] 主机无法登录",
        f"请看{N}谢谢",
        f"见 {N}，已处理",
        f"https://itsm.example.com/tickets/{N}/",
        f"http://127.0.0.1:8000/queue/?open={N}&queue=all",
        f"itsm.example.com/tickets/{N}/#entry-12",
        "IM-261129-000016",
        "IM 261129 000016",
        "IM_261129_000016",
        "IM261129-000016",
        f"IM {D}",
        f"IM#{D}",
        f"IM：{D}",
        f"Fwd: {N}: 主机",
        f"{N} / {N}",
        f"{N}.",
        f"'{N}'",
        f"*{N}*",
        f"<{N}>",
    ],
)
def test_every_spelling_names_the_ticket(pasted: str) -> None:
    assert numbers_in(pasted) == [N]


@pytest.mark.req("DESK-03")
def test_what_is_no_whole_number_is_none() -> None:
    for text in ("", "IM2611", f"XIM{D}", f"{N}7", D, "IM 2611 29", "TIM 261129 000016"):
        assert numbers_in(text) == [], text
    assert numbers_in("IM261129000016 IM261129000001") == ["IM261129000016", "IM261129000001"]


@pytest.mark.django_db
@pytest.mark.req("DESK-03")
def test_pasted_references_find_their_tickets(world: World) -> None:
    def found(text: str, user: User) -> set[str]:
        return set(matching(Ticket.objects.visible_to(user), text, user).values_list("number", flat=True))

    one, two = (register_incident(world.desk, requester="requester", summary="VPN 无法连接") for _ in range(2))
    hidden = register_incident(world.desk, requester="requester2", summary="x")

    assert found(f"请看{one.number}谢谢", world.desk) == {one.number}
    assert found(f"{one.number[:2]}-{one.number[2:8]}-{one.number[8:]}", world.desk) == {one.number}
    assert found(f"{one.number} 和 {two.number}", world.desk) == {one.number, two.number}
    assert found(f"https://x.example/tickets/{hidden.number}/", world.requester) == set()
    assert found("VPN 无法连接", world.desk) == {one.number, two.number}
