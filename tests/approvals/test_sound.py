"""Policies that could never be decided are refused, beside the cause, whichever door they come by (CHG-02, ADM-01)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from approvals.models import Policy, PolicyVersion
from approvals.policy.policies import publish
from tests.factories import MONDAY, World

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02", "ADM-01")]
ADD = "/admin/approvals/policy/add/"


@pytest.fixture
def page(world: World) -> Client:
    """A browser in which the administrator is signed in, in English."""
    User.objects.filter(pk=world.admin.pk).update(language="en")
    client = Client()
    client.force_login(world.admin)
    return client


def sent(world: World, **change: Any) -> dict[str, Any]:
    """A form of a policy that is in order, but for ``change``."""
    good = {
        **{"code": "typed", "name_zh": "打字", "name_en": "Typed", "kind": "change", "purpose": "change"},
        **{"grade": "major", "risk": "high", "active": "on"},
        **{"steps-TOTAL_FORMS": 1, "steps-INITIAL_FORMS": 0, "steps-0-position": 1, "steps-0-rule": "some"},
        **{"steps-0-needed": 1, "steps-0-due_hours": 24, "steps-0-remind_hours": 12},
        **{"deciders-TOTAL_FORMS": 1, "deciders-INITIAL_FORMS": 0, "deciders-0-step": 1},
        **{"deciders-0-kind": "person", "deciders-0-person": world.owner.pk},
    }
    return {name: value for name, value in (good | change).items() if value is not None}


def said(response: Any) -> dict[str, str]:
    """The first error of each field on the page, by its name there."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += inline.formset.forms
    return {form.add_prefix(name): texts[0] for form in forms for name, texts in form.errors.items()}


def test_a_policy_in_order_is_published(page: Client, world: World) -> None:
    assert page.post(ADD, sent(world)).status_code == 302
    assert PolicyVersion.objects.get(policy__code="typed").steps[0]["deciders"][0]["person"] == "owner"


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"deciders-TOTAL_FORMS": 0}, "steps-0-position", "Nobody decides step 1"),
        (
            {"deciders-TOTAL_FORMS": 2, "deciders-1-step": 2, "deciders-1-kind": "department_manager"},
            "deciders-1-step",
            "There is no step 2.",
        ),
        ({"steps-0-needed": 2}, "steps-0-needed", "2 of step 1 must approve, but only 1 decide it."),
        ({"steps-0-remind_hours": 25}, "steps-0-remind_hours", "not come later"),
        ({"purpose": "solution", "grade": "", "risk": ""}, "purpose", "do not have this question"),
        ({"kind": "problem", "purpose": "solution", "risk": ""}, "grade", "does not have this grade"),
        ({"kind": "problem", "purpose": "solution", "grade": ""}, "risk", "does not have this risk"),
        ({"grade": "Major"}, "grade", "Major"),
    ],
    ids=["nobody", "nowhere", "too-few", "late-reminder", "question", "grade", "risk", "typed"],
)
def test_what_can_never_be_decided_is_refused_beside_its_cause(
    page: Client, world: World, change: dict[str, Any], field: str, text: str
) -> None:
    response = page.post(ADD, sent(world, **change))

    assert response.status_code == 200
    assert text in said(response)[field]
    assert list(said(response)) == [field]
    assert 'value="Typed"' in response.text
    assert not Policy.objects.filter(code="typed").exists()


def test_each_of_a_place_may_be_many(page: Client, world: World) -> None:
    change = {"steps-0-needed": 3, "deciders-0-kind": "role", "deciders-0-role": "first_line", "deciders-0-each": "on"}
    assert page.post(ADD, sent(world, **change)).status_code == 302


def test_one_that_is_not_in_use_may_be_unfinished(page: Client, world: World) -> None:
    assert page.post(ADD, sent(world, active=None, **{"deciders-TOTAL_FORMS": 0})).status_code == 302


def test_no_other_door_publishes_what_can_never_be_decided(world: World) -> None:
    names = {"name_zh": "改", "name_en": "C", "kind": "change", "purpose": "change"}
    policy = Policy.objects.create(code="bad", grade="no such", **names)
    policy.steps.create(position=1, rule="some", needed=2)
    policy.deciders.create(step=2, kind="person", person=world.owner)

    with pytest.raises(ValidationError) as refused:
        publish(policy=policy, by=world.admin, now=MONDAY)

    assert len(refused.value.messages) == 3
    assert not PolicyVersion.objects.filter(policy=policy).exists()


@pytest.mark.slow
def test_an_inactive_policy_can_be_replaced(page: Client, world: World) -> None:
    names = {"name_zh": "旧", "name_en": "Old", "kind": "change", "purpose": "change"}
    Policy.objects.create(code="old", grade="major", risk="high", active=False, **names)
    assert page.post(ADD, sent(world)).status_code == 302

    response = page.post(ADD, sent(world, code="again"))
    assert "Another active policy" in said(response)["__all__"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.create(code="again", grade="major", risk="high", **names)


@pytest.mark.req("UI-03")
def test_kinds_grades_and_risks_are_called_by_their_names(page: Client, world: World) -> None:
    page.post(ADD, sent(world))
    form, row = page.get(ADD).text, page.get("/admin/approvals/policy/").text
    assert '<option value="change">Change</option>' in form
    assert '<option value="major">' in form
    assert [word in row for word in (">Change<", ">Approval of a change<", ">High<")] == [True] * 3
