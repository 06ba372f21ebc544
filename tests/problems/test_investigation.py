"""The record of an investigation: nobody's words are lost, causes go out and come in as the same tree."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from drafts.models import FORM_ID, Draft
from problems.investigation import outline
from problems.investigation.fishbone import draw, width_of
from problems.investigation.outline import Node, OutlineError, mark_of, parse
from problems.investigation.writing import WrittenMeanwhile, tree_of, write_causes, write_note
from problems.models import Evidence, Note, Problem
from tests.api.client import Api
from tests.factories import MONDAY, World, act
from tests.problems.conftest import Staff
from tests.problems.test_life import assigned, raise_problem

pytestmark = pytest.mark.django_db
BONES = "人员\n  夜班无人复核\n    排班表没有更新\n设备\n  * 网关内存不足\n方法\n环境\n  机房温度 <b>高</b>"


@pytest.fixture
def problem(world: World, staff: Staff) -> Problem:
    return act(assigned(raise_problem(world), staff), "investigate", staff.owner, now=MONDAY)


@pytest.mark.req("PRB-04")
def test_outline_and_data_give_the_same_tree_and_wrong_lines_are_named() -> None:
    nodes = parse(BONES)

    assert outline.write(nodes) == BONES
    assert outline.from_data(json.loads(json.dumps(outline.as_data(nodes)))) == nodes
    assert nodes[1].children == [Node("网关内存不足", is_root=True)]
    for text, line in [("人员\n    太深", 2), ("a\n*", 2), ("x" * 201, 1)]:
        with pytest.raises(OutlineError) as refused:
            parse(text)
        assert refused.value.line == line
    with pytest.raises(OutlineError):
        outline.from_data([{"causes": []}])


@pytest.mark.req("PRB-04")
def test_fishbone_stays_inside_its_picture() -> None:
    made = draw(parse(BONES), "行情中断" * 20)

    for one in made.words:
        left = one.x - (width_of(one.text) / 2 if one.anchor == "middle" else 0)
        assert left >= 0, one
        assert left + width_of(one.text) <= made.width, one
        assert 0 < one.y < made.height, one
    assert len([line for line in made.lines if line.css == "bone"]) == 4


@pytest.mark.req("PRB-04", "TKT-07")
def test_two_people_write_at_once_and_lose_no_word(problem: Problem, staff: Staff) -> None:
    def say(part: str, text: str, version: int) -> Note:
        return write_note(problem=problem, part=part, text=text, version=version, user=staff.owner, now=MONDAY)

    assert (say("environment", "生产", 0).version, say("steps", "重启", 0).version) == (1, 1)
    with pytest.raises(WrittenMeanwhile) as refused:
        say("environment", "测试", 0)
    assert (refused.value.theirs, Note.objects.get(part="environment").text) == ("生产", "生产")
    assert say("environment", "生产", 0).version == 1
    assert say("environment", "生产与测试", 1).version == 2

    write_causes(
        problem=problem, method="fishbone", nodes=parse(BONES), mark=mark_of(""), user=staff.owner, now=MONDAY
    )
    with pytest.raises(WrittenMeanwhile):
        write_causes(
            problem=problem, method="fishbone", nodes=parse("别的"), mark=mark_of(""), user=staff.analyst, now=MONDAY
        )
    assert outline.write(tree_of(problem, "fishbone")) == BONES


@pytest.mark.slow
@pytest.mark.req("PRB-04", "TKT-12", "ORG-03")
def test_page_keeps_both_texts_and_prints(problem: Problem, staff: Staff, world: World, client: Client) -> None:
    url = f"/problems/{problem.number}/investigation/"
    client.force_login(staff.analyst)
    assert client.post(url, {"what": "note", "part": "risk", "text": "高", "mark": "0"}).status_code == 302
    late = client.post(url, {"what": "note", "part": "risk", "text": "低<script>", "mark": "0"})
    page = late.content.decode()
    assert (late.status_code, "高" in page, "低&lt;script&gt;" in page) == (409, True, True)

    client.post(url, {"what": "evidence", "kind": "hypothesis", "text": "内存泄漏"})
    row = Evidence.objects.get()
    client.post(url, {"what": "verdict", "pk": row.pk, "verdict": "confirmed", "reason": "堆转储", "mark": "1"})
    again = client.post(url, {"what": "verdict", "pk": row.pk, "verdict": "refuted", "reason": "?", "mark": "1"})
    assert (again.status_code, Evidence.objects.get().verdict) == (409, "confirmed")
    client.post(url, {"what": "causes", "method": "whys", "text": "断了\n  内存满\n    * 泄漏", "mark": mark_of("")})
    client.post(url, {"what": "causes", "method": "fishbone", "text": BONES, "mark": mark_of("")})
    data = client.get(f"{url}?format=json").content.decode()
    other = act(assigned(raise_problem(world), staff), "investigate", staff.owner)
    there = f"/problems/{other.number}/investigation/"
    client.post(there, {"what": "import", "method": "fishbone", "text": data, "mark": mark_of("")})
    assert outline.write(tree_of(other, "fishbone")) == BONES
    assert client.post(there, {"what": "causes", "method": "whys", "text": "a\n      b"}).status_code == 422

    shown = client.get(url).content.decode()
    assert "<svg" in shown
    assert "机房温度 &lt;b&gt;高" in shown
    printed = client.get(f"/problems/{problem.number}/record/").content.decode()
    assert '<table class="record">' not in printed  # on a phone its four columns broke every word
    assert all(text in printed for text in ("内存满", "网关内存不足", problem.number))
    record = Api(staff.analyst).get(f"problems/{problem.number}/investigation/").json()
    assert record["causes"]["whys"][0]["causes"][0]["causes"] == [{"text": "泄漏", "root": True, "causes": []}]
    client.force_login(world.desk)
    assert client.post(url, {"what": "note", "part": "risk", "text": "x", "mark": "1"}).status_code == 403
    client.force_login(world.requester)
    assert client.get(url).status_code == 403


@pytest.mark.req("PRB-04", "API-01")
def test_programs_write_a_part_at_a_time_on_what_they_read(problem: Problem, staff: Staff, world: World) -> None:
    owner, address = Api(staff.owner), f"problems/{problem.number}/investigation/"
    read = owner.get(address).json()
    answer = owner.post(address, {"part": "steps", "text": "重启后重现", "version": 0})
    assert answer.status_code == 200, answer.content
    assert answer.json()["notes"]["steps"] == {"text": "重启后重现", "version": 1}
    assert owner.post(address, {"part": "steps", "text": "另一个", "version": 0}).status_code == 409
    tree = [{"text": "没有上限", "root": True, "causes": []}]
    answer = owner.post(address, {"method": "whys", "causes": tree, "mark": read["marks"]["whys"]})
    assert answer.json()["causes"]["whys"] == tree
    assert owner.post(address, {"method": "whys", "causes": [], "mark": read["marks"]["whys"]}).status_code == 409
    assert owner.post(address, {"kind": "hypothesis", "text": "配置缺失"}).json()["evidence"][-1]["verdict"] == "open"
    for wrong in ({}, {"part": "poem", "text": "x"}, {"method": "whys", "causes": "x"}, {"kind": "evidence"}):
        assert owner.post(address, wrong).status_code == 400, wrong
    assert Api(world.requester).post(address, {"part": "steps", "text": "x"}).status_code == 404
    assert Api(world.desk).post(address, {"part": "steps", "text": "x"}).status_code == 403


@pytest.mark.req("PRB-04", "UX-02", "TKT-07")
def test_what_was_typed_into_other_parts_comes_back(problem: Problem, staff: Staff, client: Client) -> None:
    client.force_login(staff.owner)
    address = f"/problems/{problem.number}/investigation/"
    place = f"{problem.number}-investigation"
    slot, other = f"{place}/risk#abcdefgh12", f"{place}/steps#abcdefgh34"
    for key, text in ((slot, "结算时段风险"), (other, "重启后重现")):
        sent = {"person": str(staff.owner.pk), "key": key, "title": "x", "url": address, "texts": "text"}
        fields = json.dumps(
            {"text": [text], "mark": ["0"], "what": ["note"], "part": [key.split("/")[1].split("#")[0]]}
        )
        assert client.post("/drafts/save/", sent | {"fields": fields}).status_code in (200, 204)
    page = client.get(address).content.decode()
    assert ("结算时段风险" in page, "重启后重现" in page) == (True, True)
    sent = {"what": "note", "part": "risk", "mark": "0", "text": "结算时段风险"}
    client.post(address, sent | {FORM_ID: "abcdefgh12"})
    left = Draft.objects.of(staff.owner).about(place)
    assert [draft.name for draft in left] == ["steps"]
    Note.objects.create(
        problem=problem, part="steps", text="别人写的", version=3, written_at=MONDAY, written_by=staff.analyst
    )
    answer = client.post(
        address, {"what": "note", "part": "steps", "mark": "0", "text": "重启后重现", FORM_ID: "abcdefgh34"}
    )
    assert answer.status_code == 409
    assert left.get().fields["text"] == ["重启后重现"]
    again = client.get(address).content.decode()  # opened later: what was saved meanwhile stands beside the draft
    assert ("别人写的" in again, "重启后重现" in again, again.count('class="theirs"')) == (True, True, 1)
    assert client.post(address, {"what": "evidence", "kind": "evidence", "text": "x", "file": "y"}).status_code == 302
    assert client.post(address, {"what": "verdict", "pk": "y", "verdict": "open"}).status_code in (302, 404)


@pytest.mark.req("PRB-04", "UX-01")
def test_what_is_refused_is_kept_where_it_was_typed_and_the_reason_stands_beside(
    world: World, staff: Staff, client: Client
) -> None:
    problem = assigned(raise_problem(world), staff)
    there = f"/problems/{problem.number}/investigation/"
    client.force_login(staff.owner)
    client.post(there, {"what": "causes", "method": "fishbone", "text": "设备", "mark": mark_of("")})
    for what, text in (("import", "不是 JSON"), ("causes", "设备\n        太深")):
        refused = client.post(there, {"what": what, "method": "fishbone", "text": text, "mark": mark_of("设备")})
        page = refused.content.decode()
        assert (refused.status_code, page.count("field-error"), page.count("alarm late")) == (422, 1, 0)
        typed, said = page.index(f">{text}</textarea>"), page.index("field-error")
        assert typed < said
        assert "<form" not in page[typed:said]
        assert (">设备</textarea>" in page) == (what == "import")  # the outline itself is as it was


def test_who_only_reads_learns_who_writes_and_what_must_happen_first(
    problem: Problem, staff: Staff, world: World, client: Client
) -> None:
    """An investigation that stands empty says whose it is, or that it is nobody's yet."""
    fresh = raise_problem(world)
    client.force_login(world.desk)
    english = {"accept-language": "en"}
    page = client.get(f"/problems/{fresh.number}/investigation/", headers=english).content.decode()
    assert "It has no owner yet: a problem manager (" in page
    assert staff.manager.display_name in page
    page = client.get(f"/problems/{problem.number}/investigation/", headers=english).content.decode()
    assert f"Those who investigate it write: {staff.owner.display_name}" in page
    client.force_login(staff.owner)
    assert (
        "You read here"
        not in client.get(f"/problems/{problem.number}/investigation/", headers=english).content.decode()
    )
