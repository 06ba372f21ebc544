"""People of a supplier read what they are asked, answer the engineer, record their own times (INC-14)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.datastructures import MultiValueDict

from incidents.models import Incident
from notifications.models import Notice
from tests.api.client import Api
from tests.factories import World, act, incident_in, make_item, make_organisation, resolve
from tickets.actions import perform
from tickets.errors import ActionForbidden
from tickets.models import Attachment

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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.req("TKT-05", "ORG-03")
def test_the_vendor_gets_the_files_that_are_meant_for_the_vendor(world: World) -> None:
    """At every door: page, lists and downloads of the API, addresses of file and preview."""
    ticket = incident_in("in_progress", world)
    perform(ticket, "comment", user=world.requester, data={"text": "截图"}, files=files("public.txt"))
    perform(ticket, "note", user=world.engineer, data={"text": "内部"}, files=files("internal.txt"))
    data = {"supplier": "liyuan", "text": ASKED}
    perform(ticket, "call_vendor", user=world.engineer, data=data, files=files("asked.txt"))
    perform(ticket, "record_vendor_answer", user=world.vendor, data={"text": ANSWER}, files=files("answered.txt"))

    assert seen_by(world.vendor, ticket) == {"public.txt", "asked.txt", "answered.txt"}
    assert seen_by(world.requester, ticket) == {"public.txt"}
    assert seen_by(world.engineer, ticket) == {"public.txt", "internal.txt", "asked.txt", "answered.txt"}

    make_organisation("other", "supplier")
    act(ticket, "call_vendor", world.engineer, supplier="other", text="第二家请看")
    assert seen_by(world.vendor, ticket) == set()
    act(ticket, "record_vendor_answer", world.engineer, text="也没有")
    act(ticket, "call_vendor", world.engineer, supplier="liyuan", text="请再看一次")
    assert seen_by(world.vendor, ticket) == {"public.txt"}


@pytest.mark.slow
@pytest.mark.req("INC-12", "ORG-03")
def test_a_follow_up_carries_files_over_as_internal_as_they_were(world: World) -> None:
    ticket = incident_in("in_progress", world)
    perform(ticket, "note", user=world.engineer, data={"text": "内部"}, files=files("internal.txt"))
    perform(ticket, "comment", user=world.requester, data={"text": "截图"}, files=files("public.txt"))
    act(resolve(ticket, world.engineer), "not_solved", world.requester, text="还是不行")
    follow_up = Incident.objects.get(reopen_count=1)

    assert seen_by(world.requester, follow_up) == {"public.txt"}
    assert seen_by(world.engineer, follow_up) == {"public.txt", "internal.txt"}


def files(name: str) -> Any:
    return MultiValueDict({"attachments": [SimpleUploadedFile(name, b"text")]})


def seen_by(user: Any, ticket: Any) -> set[str]:
    """Names of the files that ``user`` gets; every door gives the same."""
    client, api = Client(), Api(user)
    client.force_login(user)
    rows = {row.pk: row.name for row in Attachment.objects.filter(ticket=ticket.pk)}
    page = client.get(ticket.get_absolute_url()).content.decode()
    listed = api.get(f"incidents/{ticket.number}/attachments/")
    lines = api.get(f"incidents/{ticket.number}/timeline/?page_size=100")
    by_page = {name for name in rows.values() if name in page}
    by_list = {row["name"] for row in listed.json()["results"]} if listed.status_code == 200 else set()
    by_lines = {one["name"] for row in lines.json().get("results", []) for one in row["attachments"]}
    by_address = {name for pk, name in rows.items() if client.get(f"/attachments/{pk}/").status_code == 200}
    by_api = {name for pk, name in rows.items() if api.get(f"attachments/{pk}/").status_code == 200}
    assert by_page == by_list == by_lines == by_address == by_api
    return by_page
