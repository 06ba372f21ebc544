"""The questionnaire, the facts, the score with its reasons, and whether its bands tell the truth (CHG-02)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from changes.assessing.effect import effect_of, run_due
from changes.assessing.models import Effect, Questionnaire, QuestionnaireVersion, RiskAssessment, RiskQuestion
from changes.assessing.queries import calibrate, summed
from changes.assessing.questionnaire import publish
from changes.guards import stands_as_assessed
from changes.informing.affected import parts_of
from changes.models import Change
from cmdb.models import RelationType
from cmdb.services import Link, Stamp, write_relations
from tests.api.client import Api
from tests.changes.making import change_in, later, request, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, reload_user
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02")]
#: The best and the worst answer to each question that is shipped.
BEST = dict.fromkeys(("novelty", "back_out", "test", "continuity", "resources"), "0")
WORST = dict.fromkeys(BEST, "3")


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def accepted(world: World, **data: Any) -> Any:
    """A simple change that is to be assessed."""
    change = act(request(world, **data), "submit", world.lead, now=MONDAY)
    return act(change, "accept", world.people["changer"], now=MONDAY)


def assess(world: World, change: Any, answers: dict[str, str], **typed: Any) -> RiskAssessment:
    """Assess it as the change manager; the row that is kept."""
    given = {f"answer_{code}": value for code, value in answers.items()}
    act(change, "assess", world.people["changer"], now=later(1), **{"assessment": "双节点滚动", **given, **typed})
    return RiskAssessment.objects.filter(change=change)[0]


def point(row: RiskAssessment, code: str) -> tuple[int, str]:
    """Points and reason of a line of the score."""
    found = next(one for one in row.points if one["code"] == code)
    return found["points"], found["why_zh"]


@pytest.mark.slow
def test_the_score_says_the_risk_and_each_point_its_reason(world: World, client: Client) -> None:
    change = accepted(world)
    worst = assess(world, change, WORST)
    assert (worst.band, worst.risk, Change.objects.get(pk=change.pk).risk) == ("high", "high", "high")
    best = assess(world, change, BEST)
    assert best.score < worst.score
    assert best.band == "low"
    assert point(best, "test") == (0, "与生产一致的环境")
    assert point(best, "services")[0] == 2
    lines = {one["code"] for one in best.points}
    assert lines == {*BEST, "services", "redundancy", "trading", "similar"}
    possible = sum(one["weight"] * one["most"] for one in best.points)
    reached = sum(one["weight"] * one["points"] for one in best.points)
    assert best.score == round(100 * reached / possible)

    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/").content.decode()
    assert "与生产一致的环境" in page


def test_silence_counts_like_the_worst_answer_and_another_risk_is_explained(world: World) -> None:
    change = accepted(world)
    silent, worst = assess(world, change, {}), assess(world, change, WORST)
    assert silent.score == worst.score
    decided = assess(world, change, BEST, risk="high")
    assert (decided.band, decided.risk) == ("low", "high")
    with pytest.raises(ActionInvalid):
        act(change, "assess", world.people["changer"], risk="low")
    with pytest.raises(ActionInvalid):
        assess(world, change, {"novelty": "9"})


def test_trading_hours_are_those_of_the_portal_whoever_assesses(world: World, client: Client) -> None:
    """By program (UTC), on the page, and by a manager in Berlin: the same score for the same reason."""
    changer = world.people["changer"]
    window = {"planned_start": "2026-11-24T08:30", "planned_end": "2026-11-24T09:30"}
    change = accepted(world, **window)
    typed = {"assessment": "双节点滚动", **{f"answer_{code}": value for code, value in BEST.items()}}
    answer = Api(changer).post(f"changes/{change.number}/actions/assess/", {**typed, "risk": "high"})
    assert answer.status_code == 200, answer.content
    for zone in ("", "Europe/Berlin"):
        changer.time_zone = zone
        changer.save()
        client.force_login(reload_user(changer))
        client.post(reverse("tickets:action", args=[change.number, "assess"]), {**typed, "risk": "high"})

    rows = RiskAssessment.objects.filter(change=change)
    assert [point(row, "trading")[0] for row in rows] == [3, 3, 3]
    assert len({(row.score, row.band, point(row, "trading")) for row in rows}) == 1


@pytest.mark.slow
def test_facts_come_from_the_cmdb_the_trading_calendar_and_the_past(world: World) -> None:
    system = make_system("core-db")
    host, other = make_item("DB-1"), make_item("SVC-1", business_system=system)
    runs_on = RelationType.objects.get(code="runs_on")
    link = Link(source=other, relation_type=runs_on, target=host)
    write_relations([link], Stamp(by=world.admin, reason="x", trusted=True))
    change = accepted(world, items=["DB-1"], planned_start="2026-11-24T10:00", planned_end="2026-11-24T11:00")
    row = assess(world, change, BEST)
    assert point(row, "services")[0] == 2
    assert str(system.name_zh) in str(Effect.objects.get(change=change).services)
    assert point(row, "redundancy")[0] == 2
    assert point(row, "trading")[0] == 3
    saturday = accepted(world, planned_start="2026-11-28T10:00", planned_end="2026-11-28T11:00")
    assert point(assess(world, saturday, BEST), "trading")[0] == 0
    assert point(row, "similar")[0] == 1
    for state in ("backed_out", "implemented", "implemented"):
        change_in(state, world)
    again = accepted(world)
    points, why = point(assess(world, again, BEST), "similar")
    assert (points, "1" in why, "3" in why) == (3, True, True)


def test_the_effect_is_computed_in_the_worker_when_items_change(world: World) -> None:
    make_item("DB-1")
    change: Any = request(world)
    assert Effect.objects.get(change=change).due
    assert (run_due(later(1)), run_due(later(2))) == (1, 0)
    change = act(change, "add_items", world.lead, items=["DB-1"])
    assert run_due(later(3)) == 1
    assert (effect_of(change, later(4)).items, effect_of(change, later(4)).at) == (1, later(3))


def test_each_edit_of_the_questionnaire_is_a_version_and_assessments_keep_theirs(world: World, client: Client) -> None:
    change = accepted(world)
    row = assess(world, change, BEST)
    questionnaire = Questionnaire.objects.get()
    assert publish(questionnaire=questionnaire, by=None, now=MONDAY) is None
    client.force_login(reload_user(world.admin))
    page = f"/admin/changes/riskquestion/{RiskQuestion.objects.get(code='test').pk}/change/"
    assert client.get(page).status_code == 200
    client.post(
        f"/admin/changes/questionnaire/{questionnaire.pk}/change/",
        {"medium_from": "1", "high_from": "2", **{f"weight_{code}": "1" for code in ("services", "redundancy")}}
        | {"weight_trading": "1", "weight_similar": "1"},
    )
    assert QuestionnaireVersion.objects.count() == 2
    assert assess(world, change, BEST).band == "high"
    row.refresh_from_db()
    assert (row.version.number, row.band) == (1, "low")


@pytest.mark.slow
def test_bands_are_checked_against_how_changes_went(world: World) -> None:
    ended: list[Any] = [change_in(state, world) for state in ("implemented", "implemented", "backed_out", "scheduled")]
    for change, band in zip(ended, ("low", "high", "high", "low"), strict=True):
        newest = RiskAssessment.objects.filter(change=change)[0]
        RiskAssessment.objects.create(
            change=change,
            version=newest.version,
            points=[],
            score=0,
            band=band,
            risk=band,
            text="x",
            by=newest.by,
            at=later(9000),
        )
    found = calibrate(Change.objects.exclude(result=""))
    assert [(one.risk, one.total, one.trouble) for one in found.bands] == [
        ("low", 1, 0),
        ("medium", 0, 0),
        ("high", 2, 1),
    ]
    assert (found.hits, found.judged, found.hit_rate, found.total) == (2, 3, 67, 3)
    assert summed([]).hit_rate is None


@pytest.mark.req("API-01")
def test_the_api_takes_the_answers(world: World) -> None:
    change = accepted(world)
    sent = {"assessment": "可控", **{f"answer_{code}": value for code, value in BEST.items()}}
    answer = Api(world.people["changer"]).post(f"changes/{change.number}/actions/assess/", sent)
    assert answer.status_code == 200, answer.content
    assert RiskAssessment.objects.get().band == "low"


@pytest.mark.slow
@pytest.mark.req("CHG-02", "CHG-03")
@pytest.mark.parametrize("kind", ["major", "simple"])
def test_what_was_altered_since_it_was_assessed_is_assessed_anew_before_anybody_is_asked(
    world: World, client: Client, kind: str
) -> None:
    """Risk chooses who decides: it is that of what stands here. What is no substance, or was put back, is not."""
    make_item("db-9")
    change = act(request(world, kind), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    assess(world, change, BEST, risk="low")
    change = Change.objects.get(pk=change.pk)
    was = {"plan": change.plan, "effect": change.effect}
    act(change, "edit", world.lead, now=later(2), summary="另一个摘要")
    assert stands_as_assessed(Change.objects.get(pk=change.pk), world.lead) is None
    act(change, "edit", world.lead, now=later(2), plan="删除全部数据 重建", effect="中断一天")
    change = act(change, "add_items", world.lead, now=later(2), items=["db-9"])
    with pytest.raises(ActionConflict) as refused:
        act(change, "ask_approval", world.lead, now=later(2))
    with override("en"):
        said = str(stands_as_assessed(Change.objects.get(pk=change.pk), world.lead))
    assert str(refused.value.message) == str(stands_as_assessed(Change.objects.get(pk=change.pk), world.lead))
    assert all(name in said for name in ("Effect", "Plan", "Configuration items"))
    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/").content.decode()
    assert page.count(str(refused.value.message)) >= 1
    act(change, "edit", world.lead, now=later(2), **was)
    change = act(change, "remove_items", world.lead, now=later(2), items=["db-9"])
    assert stands_as_assessed(Change.objects.get(pk=change.pk), world.lead) is None
    act(change, "edit", world.lead, now=later(3), plan="删除全部数据 重建")
    change = act(change, "send_back", world.people["changer"], now=later(3), text="请补充")
    change = act(act(change, "submit", world.lead, now=later(3)), "accept", world.people["changer"], now=later(3))
    with pytest.raises(ActionConflict):
        act(change, "ask_approval", world.lead, now=later(3))
    assess(world, change, WORST, risk="high")
    asked = act(Change.objects.get(pk=change.pk), "ask_approval", world.lead, now=later(4))
    assert (asked.state, asked.risk) == ("approving", "high")


def test_customers_of_the_effect_are_those_who_are_told(world: World) -> None:
    """Whoever uses what it takes down is counted, as beside it; one is one."""
    system = make_system("core-db")
    system.organisations.set([world.organisations["exchange"]])
    make_item("SVC-1", business_system=system)
    change = accepted(world, items=["SVC-1"])
    row = assess(world, change, BEST)
    told = [one.code for part in parts_of(change) for one in part.organisations]
    assert [one["code"] for one in Effect.objects.get(change=change).customers] == told == ["exchange"]
    said = {one["code"]: one["why_en"] for one in row.points}
    assert said["services"] == "1 business system, 1 of them down, 1 customer affected"
    assert said["redundancy"] == "no other item goes down or is degraded with it"
    none = assess(world, accepted(world, business_system="core-db"), BEST)
    assert next(one["why_en"] for one in none.points if one["code"] == "services").startswith(
        "1 business system, 1 cus"
    )
