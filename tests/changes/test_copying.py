"""A copy has the plan of another change, relative to its own window, and none of its approvals (CHG-02, trap 18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from approvals.models import ApprovalRound
from changes.models import Change, FreezeRule
from changes.recurring.services import make, raise_due
from cmdb.models import ConfigurationItem, Relation, RelationType
from tests.api.client import Api
from tests.changes.making import request, staffed
from tests.changes.test_recurring import RULE
from tests.factories import MONDAY, World, act, make_item, make_system, reload_user
from tickets.actions import perform
from tickets.errors import ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02", "CHG-06")]
TIMES: dict[str, Any] = {"planned_from": "2026-11-24T20:30", "planned_to": "2026-11-24T21:00"}
AWAY = timedelta(days=3)
WINDOW = {"planned_start": "2026-11-27T20:00:00+08:00", "planned_end": "2026-11-27T22:00:00+08:00"}
TEXTS = ("reason", "effect", "plan", "back_out", "back_out_tested", "resources", "scope", "business_system_id")


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    make_item("db-1")
    make_item("host-1")
    make_system("core-db")
    return staffed(world)


@pytest.fixture
def source(world: World) -> Any:
    """A major change whose plan says all that can be said."""
    change: Any = request(world, "major", items=["db-1"], business_system="core-db")
    for typed in ({"what": "备份", "person": "expert", **TIMES}, {"what": "切换", "no_return": "on", **LAST}):
        change = act(change, "add_step", world.lead, now=MONDAY, check_text="校验", back_out="恢复", **typed)
    for data in (
        {"item": "db-1", "attribute": "name", "value": "主库"},
        {"item": "host-1", "attribute": "name", "value": "宿主"},
    ):
        change = perform(change, "prepare_value", user=world.lead, data=data, now=MONDAY).ticket
    item = {"identifier": "db-2", "ci_class": "server", "name": "备库", "status": "in_use"}
    change = perform(change, "prepare_item", user=world.lead, data=item, now=MONDAY).ticket
    related = {"item": "db-1", "relation_type": "runs_on", "other": "host-1"}
    perform(change, "prepare_relation", user=world.lead, data=related, now=MONDAY)
    return Change.objects.get(pk=change.pk)


LAST: dict[str, Any] = {"planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:45"}


def check(copy: Change, source: Change, by: timedelta) -> None:
    """The copy says what its source says, ``by`` later, and nobody has approved it."""
    assert [getattr(copy, name) for name in TEXTS] == [getattr(source, name) for name in TEXTS]
    assert (copy.change_type_id, copy.group_id, copy.state) == (source.change_type_id, source.group_id, "draft")
    assert set(copy.items.all()) == set(source.items.all())
    later = [
        (step.what, step.person, step.check_text, step.back_out, step.no_return, *[at and at + by for at in step.span])
        for step in source.steps.all()
    ]
    steps = copy.steps.all()
    assert later == [
        (step.what, step.person, step.check_text, step.back_out, step.no_return, *step.span) for step in steps
    ]
    assert {step.status for step in steps} == {"planned"}
    assert copy.no_return_at == source.no_return_at + by  # type: ignore[operator]
    assert [edit.sentence for edit in copy.edits.all()] == [edit.sentence for edit in source.edits.all()]
    assert not ApprovalRound.objects.filter(ticket=copy.pk).exists()
    assert (copy.decision, copy.actual_start, copy.raised_from_id) == ("", None, None)


@pytest.mark.req("API-01")
def test_a_program_copies_a_change_with_its_number_and_a_window(world: World, source: Change) -> None:
    answer = Api(world.lead).post("changes/", {"summary": "再来一次", "copy_of": source.number, **WINDOW})
    assert answer.status_code == 201, answer.content
    copy = Change.objects.get(number=answer.json()["number"])
    assert copy.summary == "再来一次"
    check(copy, source, AWAY)


@pytest.mark.req("API-01")
def test_what_a_program_says_itself_counts_more(world: World, source: Change) -> None:
    sent = {"copy_of": source.number, "plan": "换一种做法", "items": [], "change_type": "simple", **WINDOW}
    copy: Any = perform(Change(), "register", user=world.lead, data=sent, now=MONDAY).ticket
    assert (copy.plan, copy.change_type_id, copy.back_out) == ("换一种做法", "simple", source.back_out)
    assert copy.summary == source.summary


def test_the_page_copies_as_programs_do(world: World, source: Change, client: Client) -> None:
    """The form is filled in; what is taken out there stays out; steps and edits come along."""
    client.force_login(reload_user(world.lead))
    page = client.get(f"/changes/new/?copy={source.number}")
    form = page.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if name not in ("attachments",)}
    assert (sent["plan"], sent["group"], list(sent["items"])) == (source.plan, "host", ["db-1", "host-1"])
    said = {**sent, "planned_start": "2026-11-27T20:00", "planned_end": "2026-11-27T22:00"}
    assert client.post("/changes/new/", said).status_code == 302
    check(Change.objects.order_by("-pk")[0], source, AWAY)
    emptied = {**said, "resources": ""}
    del emptied["items"]  # as a browser sends an empty list
    assert client.post("/changes/new/", emptied).status_code == 302
    copy = Change.objects.order_by("-pk")[0]
    assert copy.resources == ""


@pytest.mark.req("CHG-01")
def test_a_recurring_change_copies_as_programs_do(world: World, source: Change) -> None:
    make(owner=world.lead, now=MONDAY, copied=source, **RULE)
    raise_due(datetime(2026, 11, 24, 12, tzinfo=UTC))
    copy = Change.objects.exclude(pk=source.pk).order_by("pk").first()
    assert copy is not None
    check(copy, source, copy.planned_start - source.planned_start)  # type: ignore[operator]


def test_times_are_not_lost_for_want_of_a_window(world: World, source: Change) -> None:
    """Steps with times, and a point of no return, need to know when."""
    with pytest.raises(ActionInvalid) as refused:
        perform(Change(), "register", user=world.lead, data={"copy_of": source.number}, now=MONDAY)
    assert list(refused.value.form.errors) == ["planned_start"]


@pytest.mark.req("CHG-08")
def test_edits_that_are_written_already_are_not_prepared_again(world: World, source: Change) -> None:
    ConfigurationItem.objects.filter(identifier="db-1").update(name="主库")
    make_item("db-2")
    ends = {"source": ConfigurationItem.objects.get(identifier="db-1")}
    ends |= {"target": ConfigurationItem.objects.get(identifier="host-1")}
    Relation.objects.create(relation_type=RelationType.objects.get(code="runs_on"), confirmed_at=MONDAY, **ends)
    sent = {"copy_of": source.number, **WINDOW}
    copy: Any = perform(Change(), "register", user=world.lead, data=sent, now=MONDAY).ticket
    assert [edit.sentence for edit in copy.edits.all()] == ["host-1 name=宿主"]


@pytest.mark.req("ORG-03")
def test_nobody_copies_what_they_do_not_see(world: World, source: Change) -> None:
    answer = Api(world.vendor).post("changes/", {"summary": "x", "copy_of": source.number, **WINDOW})
    assert answer.status_code in (400, 403, 404, 422)
    assert Change.objects.count() == 1


def test_a_copy_of_a_standard_change_asks_for_its_type_and_says_why(world: World) -> None:
    FreezeRule.objects.update(active=False)
    data = {"template": "restart-service", "business_system": "core-db", "planned_start": WINDOW["planned_start"]}
    ordered: Any = perform(Change(), "order", user=reload_user(world.lead), data=data, now=MONDAY).ticket
    asked = Api(world.lead).post("changes/", {"copy_of": ordered.number, **WINDOW})
    assert asked.status_code == 400
    [error] = asked.json()["errors"]["change_type"]
    assert "another type" in str(error)
    made = Api(world.lead).post("changes/", {"copy_of": ordered.number, "change_type": "simple", **WINDOW})
    assert made.status_code == 201
