"""Code tables: what changing them brings about, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Role
from incidents.forms import RejectForm
from tests.admin.pages import address, errors, typed
from tests.factories import MONDAY, World, act, incident_in
from tickets.models import Category, CloseCode, ImpactLevel, Priority, RejectReason

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-01")]


def test_edited_code_row_changes_what_the_form_offers(page: Client, world: World) -> None:
    ticket = incident_in("registered", world)
    reason = RejectReason.objects.create(code="test", name_zh="测试", name_en="Test")
    offered = RejectForm(ticket=ticket, user=world.desk).fields["reject_reason"]
    assert reason in offered.queryset  # type: ignore[attr-defined]

    url = address(RejectReason, "change", "test")
    page.post(url, {"name_zh": "试验", "name_en": "Trial", "position": 5})

    reason.refresh_from_db()
    assert (reason.name_zh, reason.name_en, reason.active) == ("试验", "Trial", False)
    offered = RejectForm(ticket=ticket, user=world.desk).fields["reject_reason"]
    assert reason not in offered.queryset  # type: ignore[attr-defined]


def test_code_never_changes(page: Client) -> None:
    RejectReason.objects.create(code="test", name_zh="测试", name_en="Test")
    data = {"code": "changed", "name_zh": "A", "name_en": "A", "position": 1}
    page.post(address(RejectReason, "change", "test"), data)
    assert not RejectReason.objects.filter(code="changed").exists()
    assert RejectReason.objects.get(code="test").name_zh == "A"


def test_new_code_is_a_plain_word(page: Client) -> None:
    data = {"code": "two words", "name_zh": "A", "name_en": "A", "position": 1, "active": "on"}
    assert "slug" in errors(page.post(address(RejectReason, "add"), data))
    assert page.post(address(RejectReason, "add"), data | {"code": "two-words"}).status_code == 302
    assert RejectReason.objects.filter(code="two-words").exists()


def test_row_in_use_is_not_deleted(page: Client, world: World) -> None:
    priority = Priority.objects.get(pk=incident_in("registered", world).priority_id)
    response = page.post(address(Priority, "delete", priority.pk), {"post": "yes"})
    assert "is in use: Impact levels" in response.content.decode()
    assert Priority.objects.filter(pk=priority.pk).exists()


def test_rows_in_use_are_not_deleted_together(page: Client, world: World) -> None:
    data = {"action": "delete_selected", "_selected_action": ["engineer", "requester"], "post": "yes"}
    assert "is in use: " in page.post(address(Role, "changelist"), data).content.decode()
    assert Role.objects.filter(pk__in=["engineer", "requester"]).count() == 1


def test_row_that_the_program_needs_is_not_deleted(page: Client) -> None:
    response = page.post(address(CloseCode, "delete", "unresolved"), {"post": "yes"})
    assert "needed by the program" in response.content.decode()
    assert CloseCode.objects.filter(pk="unresolved").exists()


def test_unused_row_is_deleted(page: Client) -> None:
    RejectReason.objects.create(code="test", name_zh="测试", name_en="Test")
    page.post(address(RejectReason, "delete", "test"), {"post": "yes"})
    assert not RejectReason.objects.filter(code="test").exists()


@pytest.mark.req("INC-04")
def test_criteria_are_typed_one_per_line(page: Client) -> None:
    url = address(ImpactLevel, "change", "I3")
    data = typed(page, url) | {"criteria_zh": "一，二\r\n\r\n三\r\n", "criteria_en": "One, two\nThree"}
    assert page.post(url, data).status_code == 302
    level = ImpactLevel.objects.get(code="I3")
    assert (level.criteria_zh, level.criteria_en) == (["一，二", "三"], ["One, two", "Three"])


def test_edited_limit_affects_the_next_plan(page: Client, world: World) -> None:
    ticket = incident_in("assigned", world, now=MONDAY)
    priority = Priority.objects.get(pk=ticket.priority_id)
    url = address(Priority, "change", priority.pk)
    page.post(url, typed(page, url) | {"response_minutes": priority.response_minutes + 7})
    before = ticket.planned_response_at
    ticket = act(ticket, "comment", world.desk, text="。")
    assert before is not None
    assert (ticket.planned_response_at - before).total_seconds() == 7 * 60


def test_renamed_category_renames_paths_below(page: Client) -> None:
    root = Category.objects.filter(parent=None, children__children__isnull=False)[0]
    url = address(Category, "change", root.pk)
    page.post(url, typed(page, url) | {"name_zh": "新名", "name_en": "New name"})
    below = Category.objects.filter(parent__parent=root)[0]
    assert below.path_en == f"New name / {below.parent.name_en} / {below.name_en}"  # type: ignore[union-attr]


def test_category_stays_a_tree_of_three_levels(page: Client) -> None:
    leaf = Category.objects.filter(parent__parent__isnull=False)[0]
    middle: Any = leaf.parent
    url = address(Category, "change", middle.pk)
    assert "below itself" in errors(page.post(url, typed(page, url) | {"parent": leaf.pk}))
    data = {"code": "deep", "name_zh": "深", "name_en": "Deep", "parent": leaf.pk, "position": 1}
    assert "three levels" in errors(page.post(address(Category, "add"), data))
