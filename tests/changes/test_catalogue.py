"""The catalogue of standard changes: steps for the run sheet, what must be named, both languages, editing (CHG-02)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from accounts.models import User
from changes.informing.affected import systems_of
from changes.models import Change, ChangeTemplate, FreezeRule
from changes.reviewing.queries import PREFIX
from changes.shipped import load_changes
from demo.reference import read_reference
from notifications.models import Notice
from tests.api.client import Api, problem
from tests.changes.making import staffed
from tests.factories import MONDAY, World, act, make_item, make_user, reload_user
from tickets.actions import perform
from tickets.errors import ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02")]


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    make_item("app-1")
    return staffed(world)


def order(world: World, **data: Any) -> Any:
    """A restart that the engineer orders."""
    typed = {"template": "restart-service", "items": ["app-1"], **data}
    return perform(Change(), "order", user=world.engineer, data=typed, now=MONDAY).ticket


@pytest.mark.req("CHG-04", "CHG-06")
def test_the_steps_of_a_template_become_those_of_the_run_sheet(world: World) -> None:
    change = order(world)
    steps = list(change.steps.all())

    assert [step.what for step in steps] == ["确认无在途交易", "停止服务", "启动服务", "检查日志与监控"]
    assert {step.person for step in steps} == {world.engineer}
    assert all(step.check_text and step.back_out for step in steps)
    assert [(step.planned_from - MONDAY, step.planned_to - MONDAY) for step in steps] == [
        (timedelta(minutes=begin), timedelta(minutes=end)) for begin, end in ((0, 5), (5, 10), (10, 20), (20, 30))
    ]
    assert change.plan.splitlines()[1] == "2. 停止服务"


@pytest.mark.req("CHG-04")
def test_steps_are_shorter_alike_in_a_shorter_window(world: World) -> None:
    change = order(world, planned_end=(MONDAY + timedelta(minutes=15)).isoformat())
    ends = [step.planned_to - MONDAY for step in change.steps.all()]
    assert ends == [timedelta(minutes=minutes) for minutes in (2.5, 5, 10, 15)]


def test_an_order_without_what_its_template_needs_is_refused_beside_the_field(world: World, client: Client) -> None:
    with pytest.raises(ActionInvalid) as refused:
        order(world, items=[])
    assert list(refused.value.form.errors) == ["items"]
    assert order(world, items=[], business_system="kvm", planned_start="2026-11-24T20:00").business_system_id == "kvm"
    ChangeTemplate.objects.update(needs_subject=False)
    assert order(world, items=[], planned_start="2026-11-25T20:00").state == "scheduled"
    ChangeTemplate.objects.update(needs_subject=True)
    client.force_login(reload_user(world.engineer))
    page = client.post("/changes/catalogue/restart-service/", {"summary": "重启网关"})
    assert (page.status_code, "重启网关" in page.content.decode()) == (422, True)


@pytest.mark.req("UI-02", "CHG-07")
def test_what_is_ordered_reads_in_the_language_of_whoever_orders(world: World) -> None:
    with override("en"):
        change = order(world)
    assert (change.summary, change.steps.first().what) == (
        "Restart an application service",
        "Make sure that nothing is being processed",
    )
    assert (change.notice_zh, change.notice_en) == (
        "重启期间该服务短暂不可用。",
        "The service is not available for a short while.",
    )


def test_a_shipped_template_follows_what_is_shipped_until_somebody_edits_it(world: World, client: Client) -> None:
    template = ChangeTemplate.objects.get(code="restart-service")
    template.steps.all().delete()
    data = read_reference()
    load_changes(data, at=MONDAY)
    assert template.steps.count() == 4
    client.force_login(reload_user(world.admin))
    assert client.post(f"/changes/catalogue/{template.code}/edit/", typed(template, minutes=40)).status_code == 302
    load_changes(read_reference(), at=MONDAY)
    template.refresh_from_db()
    assert template.minutes == 40


def typed(template: ChangeTemplate, **other: Any) -> dict[str, Any]:
    """What the page sends of a template as it stands."""
    names = ("name", "summary", "content", "plan", "back_out", "effect")
    data = {f"{name}_{code}": getattr(template, f"{name}_{code}") for name in names for code in ("zh", "en")}
    steps = list(template.steps.all())
    data |= {"minutes": template.minutes, "needs_subject": "on", "failures": 2, "last_uses": 10, "active": "on"}
    data |= {"approved": "on", "steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": len(steps)}
    for place, step in enumerate(steps):
        row = {"id": step.pk, "position": step.position, "minutes": step.minutes, "what_zh": step.what_zh}
        data |= {f"steps-{place}-{name}": value for name, value in row.items()}
    return {**data, **other}


def test_change_managers_edit_steps_on_a_page_and_open_changes_keep_theirs(world: World, client: Client) -> None:
    change, template = order(world), ChangeTemplate.objects.get(code="restart-service")
    address = f"/changes/catalogue/{template.code}/edit/"
    for name, status in (("engineer", 403), ("lead", 403), ("requester", 403)):
        client.force_login(reload_user(getattr(world, name)))
        assert client.get(address).status_code == status
    client.force_login(reload_user(world.people["changer"]))
    assert "停止服务" in client.get(address).content.decode()
    long = client.post(address, typed(template, **{"steps-0-minutes": 50}))
    assert (long.status_code, template.versions.count()) == (422, 1)
    assert client.post(address, typed(template, **{"steps-1-what_zh": "优雅停止服务"})).status_code == 302

    assert template.versions.first().made_by == world.people["changer"]  # type: ignore[union-attr]
    assert "停止服务" in [step.what for step in Change.objects.get(pk=change.pk).steps.all()]
    another = Api(make_user("another", "change_manager"))
    assert another.post(f"change-templates/{template.code}/", {"approved": True}).status_code == 200
    assert "优雅停止服务" in [step.what for step in order(world, planned_start="2026-11-25T20:00").steps.all()]


@pytest.mark.req("TKT-08")
def test_two_who_edit_a_template_do_not_overwrite_one_another(world: World, client: Client) -> None:
    template = ChangeTemplate.objects.get(code="restart-service")
    address, read = f"/changes/catalogue/{template.code}/edit/", template.versions.first().number  # type: ignore[union-attr]
    client.force_login(reload_user(world.people["changer"]))
    assert f'name="version" value="{read}"' in client.get(address).content.decode()
    assert client.post(address, typed(template, summary_zh="甲", version=read)).status_code == 302

    refused = client.post(address, typed(template, summary_zh="乙", version=read))
    template.refresh_from_db()
    assert (refused.status_code, template.summary_zh) == (409, "甲")
    assert str(world.people["changer"]) in refused.context["form"].non_field_errors()[0]
    assert "乙" in refused.content.decode()
    assert client.post(address, typed(template, summary_zh="乙", version=read + 1)).status_code == 302


def test_what_is_over_is_not_ordered(world: World) -> None:
    with pytest.raises(ActionInvalid) as refused:
        order(world, planned_start="2020-01-01T10:00")
    assert list(refused.value.form.errors) == ["planned_start"]
    assert not Change.objects.exists()


@pytest.mark.req("API-01")
def test_programs_read_and_edit_templates_with_their_steps(world: World) -> None:
    read = Api(world.engineer).get("change-templates/").json()["results"]
    assert {row["code"] for row in read} >= {"restart-service", "extend-disk"}
    address = "change-templates/restart-service/"
    assert Api(world.engineer).post(address, {"minutes": 45}).status_code == 403
    assert Api(world.requester).get(address).status_code == 403
    changer = Api(world.people["changer"])
    step = {"what_zh": "重启", "minutes": 45}
    refused = changer.post(address, {"steps": [{**step, "minutes": 500}]})
    assert (refused.status_code, "steps" in refused.json()["errors"]) == (400, True)
    saved = changer.post(address, {"minutes": 45, "steps": [step]})
    assert saved.status_code == 200, saved.content
    assert (saved.json()["minutes"], saved.json()["version"], len(saved.json()["steps"])) == (45, 2, 1)
    kept = ChangeTemplate.objects.get(code="restart-service").versions.first()
    assert kept is not None
    assert [step["what_zh"] for step in kept.content["steps"]] == ["重启"]
    assert changer.post(address, {"effect_en": "Short."}).json()["steps"] == saved.json()["steps"]


@pytest.mark.req("API-01", "CHG-02")
def test_programs_order_standard_changes(world: World) -> None:
    """As the page does, with the same refusals; the same request again orders nothing twice."""
    FreezeRule.objects.update(active=False)
    body = {"template": "restart-service", "items": ["app-1"], "planned_start": "2099-01-05T10:00:00+08:00"}
    api = Api(world.engineer)
    made = api.post("changes/order/", body, idempotency_key="a" * 20)
    assert made.status_code == 201, made.content
    assert (made.json()["state"]["code"], made.json()["change_type"]["code"]) == ("scheduled", "standard")
    assert api.post("changes/order/", body, idempotency_key="a" * 20).json()["number"] == made.json()["number"]
    assert Change.objects.count() == 1
    assert list(problem(api.post("changes/order/", {"template": "nothing"}), 400)["errors"]) == ["template"]
    problem(Api(world.requester).post("changes/order/", body), 403)
    assert api.get("changes/order/").status_code == 405


@pytest.mark.req("CHG-01")
def test_from_the_page_of_an_item_an_order_is_three_clicks_away(world: World, client: Client) -> None:
    """The item is carried along: its page, the catalogue, the order."""
    client.force_login(reload_user(world.engineer))
    item = make_item("app-2")
    assert "/changes/catalogue/?item=app-2" in client.get(f"/items/{item.pk}/").content.decode()
    assert "restart-service/?item=app-2" in client.get("/changes/catalogue/?item=app-2").content.decode()
    form = client.get("/changes/catalogue/restart-service/?item=app-2").context["form"]
    assert form["items"].value() == ["app-2"]
    assert client.post("/changes/catalogue/restart-service/?item=app-2", {"items": ["app-2"]}).status_code == 302


@pytest.mark.req("CHG-05")
def test_an_order_that_collides_offers_free_windows_that_order_it_there(world: World, client: Client) -> None:
    client.force_login(reload_user(world.engineer))
    typed: dict[str, Any] = {"items": ["app-1"]}
    address = "/changes/catalogue/restart-service/"
    assert client.post(address, typed).status_code == 302
    refused = client.post(address, {**typed, "summary": "再次重启"})
    assert (refused.status_code, refused.context["form"].non_field_errors()[0].count("Engineer")) == (409, 1)
    windows = re.findall(r'name="window"\s+value="([^"]+)"', refused.content.decode())
    assert (len(windows), "再次重启" in refused.content.decode()) == (3, True)
    assert client.post(address, {**typed, "summary": "再次重启", "window": windows[0]}).status_code == 302
    assert Change.objects.get(summary="再次重启").planned_start != Change.objects.earliest("pk").planned_start


@pytest.mark.req("API-01")
def test_change_managers_add_templates_by_page_and_api(world: World, client: Client) -> None:
    client.force_login(reload_user(world.people["changer"]))
    assert client.get("/changes/catalogue/add/").status_code == 200
    data = {**typed(ChangeTemplate.objects.get(code="restart-service")), "code": "reload", "name_zh": "重载配置"}
    rows = {name: value for name, value in data.items() if not name.endswith("-id")} | {"steps-INITIAL_FORMS": 0}
    assert client.post("/changes/catalogue/add/", rows).status_code == 302
    made = ChangeTemplate.objects.get(code="reload")
    assert (made.steps.count(), made.versions.count()) == (4, 1)
    said = {
        "name_zh": "清理",
        "name_en": "Clean up",
        "summary_zh": "清理日志",
        "content_zh": "清理",
        "back_out_zh": "无",
    }
    sent = {**said, "code": "clean", "steps": [{"what_zh": "清理", "minutes": 5}]}
    added = Api(world.people["changer"]).post("change-templates/", sent)
    assert (added.status_code, added.json()["version"]) == (201, 1), added.content
    assert Api(world.people["changer"]).post("change-templates/", sent).status_code == 400
    assert Api(world.engineer).post("change-templates/", sent).status_code == 403


@pytest.mark.req("CHG-02", "CHG-03")
def test_whoever_wrote_a_version_does_not_pre_approve_it(world: World, client: Client) -> None:
    """Not in the same save, not later, not by another account; somebody else who manages changes does."""
    template = ChangeTemplate.objects.get(code="restart-service")
    address = f"/changes/catalogue/{template.code}/edit/"
    changer = world.people["changer"]
    client.force_login(reload_user(changer))
    assert client.post(address, typed(template, minutes=40)).status_code == 302
    template.refresh_from_db()
    assert not template.approved
    with pytest.raises(ActionInvalid):
        order(world, planned_start="2026-11-26T20:00")
    refused = client.post(address, typed(template))
    assert refused.status_code == 409
    api = Api(changer)
    assert api.post("change-templates/restart-service/", {"approved": True}).status_code == 409
    User.objects.filter(pk=changer.pk).update(employee_number="0815")
    twin = make_user("twin", "change_manager", employee_number="0815")
    assert Api(twin).post("change-templates/restart-service/", {"approved": True}).status_code == 409
    assert not ChangeTemplate.objects.get(code="restart-service").approved

    another = make_user("another", "change_manager")
    answer = Api(another).post("change-templates/restart-service/", {"approved": True})
    assert (answer.status_code, answer.json()["approved"], answer.json()["version"]) == (200, True, 2)
    assert order(world, planned_start="2026-11-26T20:00").state == "scheduled"


@pytest.mark.req("CHG-02", "CHG-03")
def test_what_is_no_substance_keeps_the_pre_approval_and_the_administration_gives_none(
    world: World, client: Client
) -> None:
    template = ChangeTemplate.objects.get(code="restart-service")
    api = Api(world.people["changer"])
    assert api.post(f"change-templates/{template.code}/", {"group": "network"}).status_code == 200
    assert ChangeTemplate.objects.get(code="restart-service").approved
    client.force_login(reload_user(world.admin))
    page = client.get(f"/admin/changes/changetemplate/{template.pk}/change/").content.decode()
    assert 'name="approved"' not in page


@pytest.mark.req("CHG-02", "CHG-03")
def test_nobody_alone_switches_off_that_the_pre_approval_is_lost(world: World, client: Client) -> None:
    """By page or API: the rule can be met, and another one is approved beforehand by somebody else, as any text is."""
    api, address = Api(world.people["changer"]), "change-templates/restart-service/"
    template = ChangeTemplate.objects.get(code="restart-service")
    for rule in ({"last_uses": 0, "failures": 999}, {"failures": 0}, {"failures": 11}, {"last_uses": 1}):
        assert api.post(address, rule).status_code in (400, 422), rule
    client.force_login(reload_user(world.people["changer"]))
    page = f"/changes/catalogue/{template.code}/edit/"
    assert client.post(page, typed(template, failures=11)).status_code == 422
    template.refresh_from_db()
    assert (template.approved, template.failures, template.last_uses) == (True, 2, 10)
    answer = api.post(address, {"failures": 9, "approved": True}).json()
    assert (answer["failures"], answer["approved"], answer["version"]) == (9, False, 2)
    assert api.post(address, {"approved": True}).status_code == 409


@pytest.mark.req("CHG-02", "CHG-07")
def test_a_template_whose_uses_failed_by_their_reviews_loses_its_pre_approval(world: World) -> None:
    """Whatever its implementer reported (trap 21); what was known when it was approved again is forgiven."""
    template = ChangeTemplate.objects.get(code="extend-disk")
    missed: dict[str, Any] = {"expected_reached": "no", "rating": "poor", "business_view": "poor"}

    def used() -> Any:
        data = {"template": "extend-disk", "business_system": "kvm"}
        change = perform(Change(), "order", user=reload_user(world.engineer), data=data).ticket
        return act(act(change, "start", world.engineer), "implement", world.engineer, result="deviated", text="偏差")

    def review(change: Any) -> bool:
        systems: dict[str, Any] = {f"{PREFIX}{system.pk}": 500 for system in systems_of(change)}
        act(change, "review", world.people["changer"], **missed, **(systems or {"interruption_minutes": 500}))
        return ChangeTemplate.objects.get(pk=template.pk).approved

    uses = [used() for _number in range(template.failures + 1)]
    assert [review(one) for one in uses[:-1]] == [True] * (template.failures - 1) + [False]
    assert Notice.objects.filter(event="template_lost").count() == 1
    assert Api(world.admin).post("change-templates/extend-disk/", {"approved": True}).status_code == 200
    assert review(uses[-1])  # alone: those before are forgiven
    assert not review(used())  # with the one that was reviewed after it was approved again
