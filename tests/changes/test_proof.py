"""What is printed and archived of a change, and that a proof pack verifies itself (CHG-07, TKT-12)."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.datastructures import MultiValueDict
from django.utils.translation import override

from approvals.services import ask
from changes.afterwards.models import IncidentVerdict
from changes.informing.models import AffectedNotice
from changes.models import Change, FreezeRule, Meeting
from changes.proof.forms import order_of, record_of
from changes.proof.pack import MANIFEST, pack_of, verify
from cmdb.models import CIStatus
from cmdb.services import Stamp, update_item
from cmdb.versioning.moments import replaying
from itsm.documents.paper import moment
from tests.api.client import Api
from tests.changes.making import approve, change_in, later, request, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, register_incident, reload_user
from tickets import clock
from tickets.actions import perform

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-07")]


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def rewritten(data: bytes, name: str, edit: Any) -> bytes:
    """The archive with one file edited, or left out when ``edit`` gives nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        files = {info.filename: old.read(info) for info in old.infolist()}
        edited = edit(files.get(name, b""))
        files = {key: value for key, value in files.items() if key != name} | ({name: edited} if edited else {})
        for key, value in files.items():
            new.writestr(key, value)
    return buffer.getvalue()


@pytest.mark.slow
def test_the_pack_says_everything_and_is_genuine(world: World) -> None:
    change = change_in("closed", world)
    data = pack_of(change, reload_user(world.lead))
    assert data == pack_of(change, reload_user(world.lead))
    found = verify(data)
    assert (found.genuine, found.change, found.decisions) == (True, change.number, 1)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        read = {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}
        assert archive.read("record.pdf").startswith(b"%PDF")
    assert read["rounds.json"][0]["decisions"][0]["person"] == "approver"
    assert read["steps.json"][0]["what"] == "备份"
    assert read["change.json"]["result"] == "as_planned"
    assert {"submit", "close"} <= {entry["action"] for entry in read["timeline.json"]}
    assert set(read[MANIFEST]["files"]) == set(read) - {MANIFEST} | {"record.pdf", "items.pdf"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("steps.json", lambda data: data.replace("备份".encode(), "删除".encode()), "steps.json"),
        ("timeline.json", lambda data: b"", "timeline.json"),
        ("more.txt", lambda data: b"x", "more.txt"),
        (MANIFEST, lambda data: data.replace(b"CH", b"IM"), "seal"),
        (MANIFEST, lambda data: b"{}", "no proof pack"),
    ],
)
def test_whatever_is_altered_is_found(world: World, name: str, edit: Any, said: str) -> None:
    data = pack_of(change_in("closed", world), reload_user(world.lead))
    from django.utils import translation  # beside its only use

    with translation.override("en"):
        found = verify(rewritten(data, name, edit))
    assert not found.genuine
    assert said in " ".join(found.wrong)


@pytest.mark.slow
def test_each_byte_counts(world: World) -> None:
    """One flipped bit anywhere is found, and so is a byte too many; files are named when it is in one."""
    data = pack_of(change_in("closed", world), reload_user(world.lead))
    for place in range(0, len(data), 211):
        assert not verify(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]).genuine, place
    assert not verify(data + b"x").genuine
    inside = data.index("备份".encode())
    assert "assessments.json" in " ".join(verify(data[:inside] + b"'" + data[inside + 1 :]).wrong)


def test_a_pack_made_elsewhere_is_found(world: World, settings: Any) -> None:
    """Whoever alters content and digests alike has no key for the seal; decisions must be of their content."""
    data = pack_of(change_in("closed", world), reload_user(world.lead))

    def other_content(old: bytes) -> bytes:
        rounds = json.loads(old)
        rounds[0]["content"][1]["value"] = "别的"
        return json.dumps(rounds).encode()

    def same_digest(old: bytes) -> bytes:
        said = json.loads(old)
        said["files"]["rounds.json"] = hashlib.sha256(edited).hexdigest()
        return json.dumps(said).encode()

    altered = rewritten(data, "rounds.json", other_content)
    with zipfile.ZipFile(io.BytesIO(altered)) as archive:
        edited = archive.read("rounds.json")
    assert len(verify(rewritten(altered, MANIFEST, same_digest)).wrong) == 2
    assert verify(b"no archive").genuine is False
    settings.SECRET_KEY = "another portal's"
    assert len(verify(data).wrong) == 1


@pytest.mark.slow
def test_command_page_and_api_give_and_check_it(world: World, client: Client, tmp_path: Path) -> None:
    change = change_in("closed", world)
    client.force_login(reload_user(world.lead))
    answer = client.get(f"/changes/{change.number}/proof/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert Api(world.lead).get(f"changes/{change.number}/proof/").content == answer.content
    file = tmp_path / "pack.zip"
    file.write_bytes(answer.content)
    out = io.StringIO()
    call_command("verify_proof", str(file), stdout=out)
    assert change.number in out.getvalue()
    page = client.post("/changes/proof/", {"file": io.BytesIO(answer.content)}).content.decode()
    assert change.number in page
    file.write_bytes(rewritten(answer.content, "steps.json", lambda _old: b"[]"))
    with pytest.raises(CommandError):
        call_command("verify_proof", str(file))
    wrong = client.post("/changes/proof/", {"file": io.BytesIO(file.read_bytes())}).content.decode()
    assert "steps.json" in wrong
    assert client.post("/changes/proof/", {}).status_code == 422


@pytest.mark.slow
@pytest.mark.req("TKT-12")
def test_the_record_and_the_order_for_items_are_printed(world: World, client: Client) -> None:
    item = make_item("DB-1", status=CIStatus.objects.get(code="in_use"))
    change: Any = act(request(world, items=["DB-1"]), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver, reason="同意执行")
    change = act(change, "start", world.engineer, now=later(36))
    update_item(item=item, facts={"name": "主库新名"}, stamp=Stamp(by=world.engineer, change=change.number))

    client.force_login(reload_user(world.lead))
    page = client.get(f"/changes/{change.number}/record/").content.decode()
    assert all(text in page for text in ("漏洞修复", "DB-1", world.approver.display_name, "同意执行", "data-print"))
    order = client.get(f"/changes/{change.number}/items/").content.decode()
    assert "主库新名" in order
    for path in ("record", "items"):
        paper = client.get(f"/changes/{change.number}/{path}/?format=pdf")
        assert (paper["Content-Type"], paper.content[:4]) == ("application/pdf", b"%PDF")
    ticket = client.get(f"/tickets/{change.number}/").content.decode()
    assert f"/changes/{change.number}/record/" in ticket
    assert f"/changes/{change.number}/items/" in ticket
    for person in (world.requester, world.approver):
        client.force_login(reload_user(person))
        assert client.get(f"/changes/{change.number}/record/").status_code == 403
        assert Api(person).get(f"changes/{change.number}/proof/").status_code in (403, 404)


def test_files_and_what_stands_around_it_are_in_the_pack_and_sealed(world: World) -> None:
    """Files by their content; the board's note, what differs in items, who was told."""
    change = change_in("draft", world)
    files = MultiValueDict({"attachments": [SimpleUploadedFile("计划.txt", "一、备份".encode(), "text/plain")]})
    perform(change, "note", user=world.lead, data={"text": "附件"}, files=files)
    AffectedNotice.objects.create(change=change, stage="planned", at=MONDAY, parts=[])
    made = ask(ticket=change, purpose="change", user=world.lead, now=MONDAY)
    meeting: dict[str, Any] = {
        "title": "周会",
        "starts_at": MONDAY,
        "ends_at": later(1),
        "made_by": world.admin,
        "made_at": MONDAY,
    }
    Meeting.objects.create(**meeting).agenda.create(round=made, position=1, note="同意回退方案")
    prepared = {"kind": "value", "item": make_item("db-9"), "given": {"place": "B2"}}
    change.edits.create(position=1, **prepared)
    data = pack_of(Change.objects.get(pk=change.pk), reload_user(world.lead))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("attachments/0001-计划.txt").decode() == "一、备份"
        read = {name: json.loads(archive.read(f"{name}.json")) for name in ("attachments", "board", "told", "edits")}
    assert [one["file"] for one in read["attachments"]] == ["attachments/0001-计划.txt"]
    assert [one["note"] for one in read["board"]] == ["同意回退方案"]
    assert [one["stage"] for one in read["told"]] == ["planned"]
    assert [one["planned"] for one in read["edits"]["differences"]] == [True]
    assert verify(rewritten(data, "attachments/0001-计划.txt", lambda text: text + b"x")).wrong


@pytest.mark.slow
@pytest.mark.req("CHG-04", "NTF-04")
def test_the_pack_holds_the_notices_and_announcements_about_the_change(world: World) -> None:
    """In both languages, with who got them; of this change alone, and nothing that opens a door."""
    exchange, egov = world.organisations["exchange"], world.organisations["egov"]
    for code, customer in (("core-db", exchange), ("intranet", egov)):
        make_system(code, name_zh=f"{code}系统", name_en=f"{code} system").organisations.set([customer])
    change, other = (
        request(
            world,
            business_system=code,
            effect="短时中断",
            planned_start=f"2026-11-2{day}T20:00",
            planned_end=f"2026-11-2{day}T22:00",
        )
        for code, day in (("core-db", 4), ("intranet", 5))
    )
    for one in (change, other):
        act(act(one, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
        approve(act(one, "ask_approval", world.lead, now=MONDAY), world.approver)
    data = pack_of(Change.objects.get(pk=change.pk), reload_user(world.lead))
    assert verify(data).genuine
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        read = {name: json.loads(archive.read(f"{name}.json")) for name in ("notices", "announcements")}
    asked = next(one for one in read["notices"] if one["event"] == "approval_asked")
    assert change.number in asked["zh"]["subject"]
    assert asked["en"]["subject"].startswith("[")
    assert "approver" in {copy["person"] for copy in asked["to"] if copy["channel"] == "email"}
    assert "/answer/" not in json.dumps(read)
    [announced] = read["announcements"]
    assert (announced["organisations"], announced["en"]) == (["exchange"], "core-db system: 短时中断")
    [mail] = announced["notices"]
    assert mail["en"]["subject"].startswith("Planned change · core-db system · 2026-11-24 20:00")
    assert "短时中断" in mail["zh"]["text"]
    assert {copy["person"] for copy in mail["to"]} == {"requester", "colleague"}
    assert other.number not in json.dumps(read["notices"])


@pytest.mark.slow
@pytest.mark.req("CMDB-06", "TKT-12")
def test_the_order_names_what_was_written_to_the_last_of_many_items(world: World) -> None:
    change: Any = change_in("implementing", world)
    with replaying(MONDAY):
        items = [make_item(f"n-{number:03}") for number in range(205)]
    for item in items:
        change.affected_items.create(item=item)
    update_item(item=items[-1], facts={"name": "换"}, stamp=Stamp(by=world.engineer, change=change.number))

    lines = order_of(change, reload_user(world.lead))

    assert [line.item.identifier for line in lines if line.written] == ["n-204"]
    assert [field.after for line in lines for one in line.written for field in one.fields] == ["换"]


@pytest.mark.req("CHG-06", "TKT-12")
def test_the_record_says_of_each_step_when_it_was_planned_and_done_by_whom_and_what_it_caused(world: World) -> None:
    change: Any = change_in("implementing", world)
    begin = change.planned_start
    step = {"planned_from": begin, "planned_to": begin + timedelta(minutes=30)}
    change.steps.update(**step, started_at=begin, ended_at=begin + timedelta(minutes=40), note="慢盘")
    change = act(change, "report_step", world.engineer2, step=1, status="done", note="慢盘")
    incident = register_incident(world.desk, summary="登录慢")
    IncidentVerdict.objects.create(change=change, incident=incident, caused=True, by=world.lead, at=MONDAY)

    with override("en"):
        parts = dict(record_of(change, reload_user(world.lead)))

    def said(part: str, label: str) -> str:
        return next(str(line["value"]) for line in parts[part] if line["label"] == label)

    with override("en"):
        at = f"{moment(begin)} – {moment(begin + timedelta(minutes=30))}"
        assert at in said("Plan", "Steps of the plan")
        done = said("Implementation", "Steps as carried out")
        assert all(word in done for word in ("1. 备份", moment(change.steps.get().ended_at), "Engineer", "慢盘")), done
        assert said("Implementation", "Incidents that it caused") == f"{incident.number} 登录慢"


def collisions_in(data: bytes) -> list[dict[str, Any]]:
    """What a pack says that the change collided with, moment by moment."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return list(json.loads(archive.read("collisions.json")))


@pytest.mark.slow
@pytest.mark.req("CHG-05")
def test_the_pack_has_the_collisions_that_were_read_when_it_was_decided_and_none_of_today(world: World) -> None:
    """It keeps them when it is closed, and a freeze that somebody declares over a window that has passed adds none."""
    make_item("db-1")
    change, other = (change_in("draft", world) for _number in range(2))
    change, other = (act(one, "add_items", world.lead, items=["db-1"]) for one in (change, other))
    other = act(other, "submit", world.lead)
    changer = world.people["changer"]
    change = act(act(change, "submit", world.lead), "accept", changer)
    change = act(change, "ask_approval", changer)
    act(other, "cancel", world.lead, text="不做了")
    change = act(approve(change, world.approver, now=clock.now()), "start", world.engineer)
    change = act(act(change, "implement", world.engineer, result="as_planned"), "confirm_result", changer)
    data = pack_of(change, reload_user(world.lead))
    moments = [(one["occasion"], one["count"]) for one in collisions_in(data)]
    assert moments == [("submit", 1), ("ask_approval", 1), ("decision", 0), ("start", 0)]
    [kept] = collisions_in(data)[0]["collisions"]
    assert (kept["grade"], kept["reason"], kept["with"], kept["zh"]) == ("soft", "item", other.number, "db-1")

    names = {"code": "audit", "name_zh": "审计", "name_en": "Audit", "kind": "span"}
    begin, end = change.planned_start, change.planned_end
    FreezeRule.objects.create(starts_at=begin, ends_at=end, **names)
    act(change_in("draft", world), "cancel", world.lead, text="不做了")
    assert pack_of(Change.objects.get(pk=change.pk), reload_user(world.lead)) == data
    with pytest.raises(DatabaseError), transaction.atomic():
        change.collision_readings.update(count=7)
