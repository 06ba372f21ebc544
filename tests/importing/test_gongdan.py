"""Another product is a mapping file away: a ticket list in Chinese, one row per ticket, GB18030, semicolons."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from importing.mapping import SHIPPED
from incidents.models import Incident
from tests.importing.exports import run_import, write_export
from tickets.models import ExternalReference

pytestmark = [pytest.mark.req("ADM-04"), pytest.mark.django_db]

ROW = {
    "工单编号": "GD-2024-0001",
    "状态": "已关闭",
    "登记时间": "2024-03-01 09:00:00",
    "解决时间": "2024/03/01 11:30",
    "关闭时间": "2024-03-02 08:00:00",
    "登记人": "李娜",
    "报告人": "张伟",
    "处理组": "二线组",
    "处理人": "王强",
    "一级分类": "网络",
    "二级分类": "交换机",
    "来源": "电话",
    "优先级": "高",
    "解决方式": "二线",
    "标题": "三楼网络中断",
    "描述": "三楼所有座位无法上网。\n从九点开始。",
    "原因": "交换机电源故障",
    "处理过程": "更换电源",
    "相关变更": "-",
}


def imported(tmp_path: Path, **changed: str) -> Incident:
    """The ticket of one row."""
    path = write_export(tmp_path / "tickets.csv", [ROW | changed], encoding="gb18030", delimiter=";")
    run_import(path, mapping="gongdan")
    return Incident.objects.get(external_system="gongdan")


def test_row_becomes_a_ticket_with_its_milestones(tmp_path: Path) -> None:
    ticket = imported(tmp_path)
    assert (ticket.summary, ticket.description) == (ROW["标题"], ROW["描述"])
    assert (ticket.cause, ticket.handling) == (ROW["原因"], ROW["处理过程"])
    assert (ticket.priority_id, ticket.close_code_id, ticket.source_id) == ("P3", "tier2", "phone")
    assert ticket.category
    assert ticket.category.path_zh == "网络 / 交换机"
    assert ticket.group
    assert (ticket.group.name_zh, ticket.group.tier) == ("二线组", "tier2")
    assert ticket.requester
    assert (ticket.requester.full_name, ticket.requester.organisation.code) == ("张伟", "gongdan-customer")
    timeline = ticket.timeline.values_list("action", "state_from", "state_to", "at", "actor__full_name")
    assert list(timeline) == [
        ("register", "", "registered", datetime(2024, 3, 1, 1, 0, tzinfo=UTC), "李娜"),
        ("imported", "registered", "resolved", datetime(2024, 3, 1, 3, 30, tzinfo=UTC), "王强"),
        ("imported", "resolved", "closed", datetime(2024, 3, 2, 0, 0, tzinfo=UTC), None),
    ]


def test_live_row_is_one_entry_in_its_state(tmp_path: Path) -> None:
    ticket = imported(tmp_path, 状态="等待用户", 解决时间="-", 关闭时间="-", 相关变更="CH-1", 优先级="-")
    assert (ticket.state, ticket.wait_reason_id, ticket.priority_id) == ("pending", "requester", "P4")
    assert list(ticket.timeline.values_list("action", "state_to")) == [("register", "pending")]
    assert list(ExternalReference.objects.values_list("kind", "reference")) == [("change", "CH-1")]


def test_closed_row_without_times_of_its_end_ends_closed(tmp_path: Path) -> None:
    ticket = imported(tmp_path, 解决时间="-", 关闭时间="-")
    assert (ticket.state, ticket.resolved_at) == ("closed", None)
    assert list(ticket.timeline.values_list("action", "state_to")) == [("register", "closed")]


def test_long_title_is_cut_and_kept_whole_in_the_description(tmp_path: Path) -> None:
    ticket = imported(tmp_path, 标题="网" * 300)
    assert ticket.summary == "网" * 200
    assert ticket.description == "网" * 300 + "\n\n" + ROW["描述"]


def test_row_for_each_item_makes_one_ticket_about_all_of_them(tmp_path: Path) -> None:
    raw = yaml.safe_load((SHIPPED / "gongdan.yaml").read_text(encoding="utf-8"))
    raw |= {"rows": "items", "columns": raw["columns"] | {"item": "设备"}}
    mapping = tmp_path / "items.yaml"
    mapping.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    rows = [ROW | {"设备": name} for name in ("交换机 1", "交换机 2", "交换机 2", "-")]
    path = write_export(tmp_path / "tickets.csv", rows, encoding="gb18030", delimiter=";")
    out = run_import(path, mapping=str(mapping))
    assert "GD-2024-0001 设备 '交换机 2': the same row again: left out" in out
    ticket = Incident.objects.get(external_system="gongdan")
    assert sorted(item.name for item in ticket.items.all()) == ["交换机 1", "交换机 2"]
    assert ticket.timeline.count() == 3


def test_beginning_of_a_word_stands_for_all_that_begin_so(tmp_path: Path) -> None:
    raw = yaml.safe_load((SHIPPED / "gongdan.yaml").read_text(encoding="utf-8"))
    raw["values"]["priority"] = {"高*": "P3", "高级*": "P2", "*": "P5"}
    mapping = tmp_path / "beginnings.yaml"
    mapping.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    found = []
    for number, word in enumerate(("高", "高一点", "高级别", "低")):
        row = ROW | {"工单编号": f"GD-{number}", "优先级": word}
        run_import(
            write_export(tmp_path / "tickets.csv", [row], encoding="gb18030", delimiter=";"), mapping=str(mapping)
        )
        found.append(Incident.objects.get(external_number=f"GD-{number}").priority_id)
    assert found == ["P3", "P3", "P2", "P5"]
