"""Documents of tickets follow every write, whatever door it came through."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime

import pgtrigger
import pytest
from django.db import connection

from accounts.models import User
from importing.copying import copy_rows, next_ids
from tests.factories import MONDAY, World, act, incident_in, make_item, register_incident
from tickets.models import AffectedItem, SearchDocument, StaleDocuments, Ticket, TimelineEntry
from tickets.search.refreshing import written_once

pytestmark = pytest.mark.req("TKT-09")


def found(query: str, column: str = "everything") -> set[str]:
    """Numbers of tickets whose document matches a tsquery as PostgreSQL writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.number FROM tickets_searchdocument d JOIN tickets_ticket t ON t.id = d.ticket_id"  # noqa: S608
            f" WHERE {'coalesce(d.public, d.everything)' if column == 'public' else 'd.everything'} @@ %s::tsquery",
            [query],
        )
        return {row[0] for row in cursor.fetchall()}


def test_registering_writes_summary_description_requester_and_number(world: World) -> None:
    ticket = register_incident(world.requester, summary="VPN证书过期", description="今天上午")

    for query in ("vpn", "书过", "上午", "requester", "exchange", ticket.number.lower(), f"'#{ticket.number[-4:]}'"):
        assert found(query, "public") == {ticket.number}, query


def test_comments_are_public_and_notes_are_not(world: World) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "comment", world.engineer, text="更换硬盘")
    act(ticket, "note", world.engineer, text="怀疑人为")

    assert found("硬盘", "public") == found("人为") == {ticket.number}
    assert found("人为", "public") == set()


def test_reasons_of_routing_are_never_public(world: World) -> None:
    ticket = register_incident(world.requester)
    act(ticket, "assign", world.desk, group="host", text="推诿扯皮")

    assert (found("推诿"), found("推诿", "public")) == ({ticket.number}, set())


def test_solution_is_public_and_cause_is_not(world: World) -> None:
    ticket = incident_in("in_progress", world)
    type(ticket).objects.filter(pk=ticket.pk).update(cause="误操作", handling="已回滚")

    assert (found("回滚", "public"), found("操作"), found("操作", "public")) == (
        {ticket.number},
        {ticket.number},
        set(),
    )


def test_items_come_and_go(world: World) -> None:
    ticket = register_incident(world.requester)
    part = AffectedItem.objects.create(ticket_id=ticket.pk, item=make_item("host-core-01"))

    assert found("host <-> core <-> 01") == {ticket.number}
    assert found("host <-> core <-> 01", "public") == set()
    part.delete()
    assert found("host <-> core <-> 01") == set()


def test_raw_sql_and_bulk_writes_are_followed(world: World) -> None:
    tickets = [register_incident(world.requester) for _ in range(2)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tickets_ticket SET summary = '光模块告警' WHERE id = %s", [tickets[0].pk])
    now = datetime.now(UTC)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(ticket_id=ticket.pk, at=now, action="comment", text="批量说明", is_public=True)
        for ticket in tickets
    )

    assert found("模块") == {tickets[0].number}
    assert found("量说") == {ticket.number for ticket in tickets}


def test_changes_of_state_do_not_write_documents(world: World) -> None:
    ticket = incident_in("assigned", world)
    before = written_by(ticket)
    act(ticket, "start", world.engineer)

    assert written_by(ticket) == before


def written_by(ticket: Ticket) -> str:
    """The place of the row: it moves whenever it is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text FROM tickets_searchdocument WHERE ticket_id = %s", [ticket.pk])
        return cursor.fetchone()[0]


def test_new_names_make_documents_stale(world: World) -> None:
    User.objects.filter(pk=world.requester.pk).update(full_name="欧阳修")
    User.objects.filter(pk=world.desk.pk).update(language="en")

    assert list(StaleDocuments.objects.exclude(key=None).values_list("subject", "key")) == [
        ("person", world.requester.pk)
    ]


def test_deleting_a_ticket_deletes_its_document(world: World) -> None:
    ticket = register_incident(world.requester, now=MONDAY)
    AffectedItem.objects.create(ticket_id=ticket.pk, item=make_item("host-core-01"))
    with pgtrigger.ignore("tickets.TimelineEntry:append_only"):
        Ticket.objects.filter(pk=ticket.pk).delete()

    assert not SearchDocument.objects.exists()


def test_copied_rows_are_followed_at_once_or_once_at_the_end(world: World) -> None:
    for later in (False, True):
        original = register_incident(world.requester, summary="样本")
        [key] = next_ids(Ticket, 1)
        original.pk = original.id = original.ticket_ptr_id = key
        original.number, original.summary, original.handling = f"IM99123100000{int(later)}", "拷贝", "重装驱动"
        item = AffectedItem(ticket_id=key, item=make_item(f"printer-{int(later)}"))
        with written_once([key]) if later else nullcontext():
            for model, row in ((Ticket, original), (type(original), original), (AffectedItem, item)):
                copy_rows(model, [row])

        assert found(f"拷贝 & 重装 <-> 装驱 & printer <-> {int(later)}") == {original.number}
        assert found("重装", "public") >= {original.number}


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["日志" * 60_000, "".join(chr(0x4E00 + n % 20_000) + chr(0x4E00 + n * 7 % 20_000) for n in range(60_000))]
)
def test_texts_of_any_length_can_be_stored(world: World, text: str) -> None:
    ticket = register_incident(world.requester, summary="巨长", description="短")
    Ticket.objects.filter(pk=ticket.pk).update(description=text)

    assert found("巨长") == {ticket.number}
