"""The administration: who enters, that every page works, what it refuses, and what its changes bring about."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.codes import CodeTable
from accounts.models import Role, User
from demo.reference import TABLES
from incidents.models import Incident
from tests.admin.pages import address, make_rows
from tests.factories import World
from tests.sampling import sampled
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-01")]

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
#: The first of each app: where the quick half looks.
FIRST = {model._meta.app_label: model for model in reversed(REGISTERED)}
SAMPLED = sampled(REGISTERED, lambda model: FIRST[model._meta.app_label] is model)
CODE_TABLES = [model for model in REGISTERED if issubclass(model, CodeTable)]
WITHOUT_ADDING = {
    "admin.LogEntry",
    "accounts.AccessEvent",
    "mfa.Authenticator",
    "accounts.ApiToken",
    "exporting.Export",
}
WITHOUT_ADDING |= {"approvals.PolicyVersion", "changes.TemplateVersion"}
WITHOUT_ADDING |= {"changes.Questionnaire", "changes.QuestionnaireVersion"}
WITHOUT_ADDING |= {"changes.FreezeRule", "changes.MaintenanceVersion"}
WITHOUT_ADDING |= {"duty.Absence", "duty.Override", "notifications.Delivery", "sla.RuleEdit"}
#: Queries of a list, however many rows it has: session, person, count, rows; the choices of up to three filters.
LIST_QUERIES = 7


def test_admin_has_every_code_table() -> None:
    assert {model for model in TABLES.values() if model is not Role} <= set(CODE_TABLES)


def test_admin_has_no_second_door_to_tickets() -> None:
    closed = {Ticket, Incident, TimelineEntry, Group}
    assert not closed & set(REGISTERED)
    assert not [model for model in REGISTERED if issubclass(model, Ticket)]


@pytest.mark.parametrize("model", SAMPLED, ids=lambda model: model._meta.label)
def test_list_answers_with_bounded_queries(
    model: type[models.Model], page: Client, world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page.get(reverse("admin:index"))  # a session's first request notes the time
    counts = []
    for rows in (1, 2):  # two more make three
        make_rows(world, rows)
        with django_assert_max_num_queries(LIST_QUERIES) as queries:
            assert page.get(address(model, "changelist")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", SAMPLED, ids=lambda model: model._meta.label)
def test_form_pages_answer(model: type[models.Model], page: Client, world: World) -> None:
    make_rows(world, 1)
    expected = 403 if model._meta.label in WITHOUT_ADDING else 200
    assert page.get(address(model, "add")).status_code == expected
    row = model._default_manager.first()
    if row is not None:
        assert page.get(address(model, "change", row.pk)).status_code == 200
        assert page.get(address(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("name", ["desk", "engineer", "lead", "manager", "requester", "vendor", "nobody"])
def test_others_do_not_enter(name: str, world: World) -> None:
    client = Client()
    client.force_login(world.people[name])
    for url in (reverse("admin:index"), address(User, "changelist"), address(Role, "change", "desk_agent")):
        assert client.get(url, follow=True).status_code == 403


def test_visitors_sign_in_first() -> None:
    assert Client().get(reverse("admin:index")).status_code == 302


def test_search_while_typing_is_for_administrators(world: World, page: Client) -> None:
    world.engineer2.is_active = False
    world.engineer2.save()
    query = {"app_label": "accounts", "model_name": "supportgroup", "field_name": "lead", "term": "engineer"}
    found = page.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [row["text"] for row in found] == ["Engineer", "Other_Engineer"]
