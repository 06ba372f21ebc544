"""People of a supplier read what they are asked, answer the engineer, record their own times (INC-14)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from notifications.models import Notice
from tests.api.client import Api
from tests.factories import World, act, incident_in, make_item, make_organisation
from tickets.errors import ActionForbidden

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-14")]
ASKED, ANSWER = "请检查控制器日志", "已更换控制器"


@pytest.fixture
def ticket(world: World) -> Any:
    """An incident handed to the vendor, with a note that is not meant for them."""
    found = incident_in("in_progress", world)
    act(found, "note", world.engineer, text="内部：预算不足")
    data: dict[str, Any] = {
        "supplier": "liyuan",
        "vendor_contract": "HT-7",
        "vendor_case_number": "C-9",
        "text": ASKED,
    }
    return act(found, "call_vendor", world.engineer, **data)


def lines_for(user: Any, ticket: Any) -> str:
    """The timeline as ``user`` reads it in the API."""
    return str(Api(user).results(f"incidents/{ticket.number}/timeline/?page_size=100"))


def test_the_vendor_reads_the_question_and_the_case(world: World, ticket: Any) -> None:
    page = Client(headers={"accept-language": "en"})
    page.force_login(world.vendor)
    text = page.get(f"/tickets/{ticket.number}/").content.decode()
    data = Api(world.vendor).get(f"incidents/{ticket.number}/").json()

    for shown in (ASKED, "HT-7", "C-9"):
        assert shown in text
    assert (data["vendor_case_number"], "complexity" in data, "cause" in data) == ("C-9", False, False)
    assert ASKED in lines_for(world.vendor, ticket)
    assert "预算不足" not in text + lines_for(world.vendor, ticket)
    assert 'id="composer"' not in text
    assert "vendor_case_number" not in Api(world.requester).get(f"incidents/{ticket.number}/").json()


def test_the_vendor_answers_the_engineer_and_never_the_customer(world: World, ticket: Any) -> None:
    with pytest.raises(ActionForbidden):
        act(ticket, "comment", world.vendor, text="hello customer")
    act(ticket, "record_vendor_response", world.vendor, text="收到", vendor_case_number="C-10")
    act(ticket, "record_vendor_arrival", world.vendor, text="梁鹏")
    done = act(ticket, "record_vendor_answer", world.vendor, text=ANSWER)

    assert done.vendor_case_number == "C-10"
    assert None not in (done.vendor_responded_at, done.vendor_arrived_at, done.vendor_answered_at)
    notice = Notice.objects.filter(event="noted", ticket=ticket.pk).order_by("-pk")[0]
    told = set(notice.deliveries.values_list("recipient__username", flat=True))
    assert "engineer" in told
    assert "requester" not in told
    assert ANSWER not in lines_for(world.requester, ticket)
    assert ASKED not in lines_for(world.requester, ticket)


def test_what_another_vendor_was_asked_stays_between_them_and_us(world: World, ticket: Any) -> None:
    act(ticket, "record_vendor_answer", world.engineer, text="第一家没有结果")
    make_organisation("other", "supplier")
    act(ticket, "call_vendor", world.engineer, supplier="other", text="第二家请看")

    assert Api(world.vendor).get(f"incidents/{ticket.number}/").status_code == 404
    act(ticket, "record_vendor_answer", world.engineer, text="第二家也没有")
    act(ticket, "call_vendor", world.engineer, supplier="liyuan", text="请再看一次")
    assert "请再看一次" in lines_for(world.vendor, ticket)
    assert "第二家" not in lines_for(world.vendor, ticket)


@pytest.mark.req("TKT-03", "SEC-03")
def test_removal_is_logged_as_removal_and_registering_with_its_values(world: World, ticket: Any) -> None:
    make_item("db-01")
    act(ticket, "add_items", world.engineer, items=["db-01"])
    act(ticket, "remove_items", world.engineer, items=["db-01"])
    lines = Api(world.engineer).results(f"incidents/{ticket.number}/timeline/?page_size=100")
    by_action = {line["action"]: line["changes"] for line in lines}

    assert [(one["old_value"], one["new_value"]) for one in by_action["add_items"]] == [(None, ["db-01"])]
    assert [(one["old_value"], one["new_value"]) for one in by_action["remove_items"]] == [(["db-01"], None)]
    registered = {one["field"]: one["new_value"] for one in by_action["register"]}
    assert (registered["summary"], registered["impact"], registered["requester"]) == (
        "主机无法登录",
        "I4",
        "requester",
    )
