"""Pages and API of escalation, agreed times and closing by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from sla.models import Command, EscalationRule
from tests.api.client import Api, numbers
from tests.factories import MONDAY, World, act, resolve, unclaimed
from tests.sla.test_by_time import HOUR, MINUTE, P3, pass_at, reloaded
from tests.sla.test_clocks import started
from tickets import clock as database_clock
from tickets.queues.columns import COLUMNS
from tickets.queues.queries import VIEWS, queue

pytestmark = pytest.mark.django_db


def browser(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(language="en")
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def escalated(world: World) -> Any:
    ticket = unclaimed(world, now=MONDAY, **P3)
    pass_at(MONDAY + 31 * MINUTE)
    return reloaded(ticket)


@pytest.mark.req("INC-13")
class TestBoard:
    def test_it_shows_what_is_escalated_until_somebody_takes_note(self, world: World, escalated: Any) -> None:
        page = browser(world.manager)
        text = page.get(reverse("sla:board")).content.decode()
        assert escalated.number in text
        assert "SLA · Response: went to the next line" in text
        address = reverse("tickets:action", args=[escalated.number, "acknowledge"])
        assert address in text
        assert page.post(address, {"text": "我来跟进"}).status_code == 302

        assert reloaded(escalated).escalated_at is None
        assert escalated.number not in page.get(reverse("sla:board")).content.decode()

    def test_rows_cost_no_queries(self, world: World, escalated: Any) -> None:
        counts = []
        for _ in range(2):
            unclaimed(world, now=MONDAY, **P3)
            pass_at(MONDAY + 31 * MINUTE)
            page = browser(world.manager)
            with CaptureQueriesContext(connection) as found:
                page.get(reverse("sla:board"))
            counts.append(len(found))

        assert counts[0] == counts[1]

    def test_what_was_refused_stands_there_with_its_reason(self, world: World, escalated: Any) -> None:
        now = database_clock.now()
        reason = "Another group has it by now."
        Command.objects.update(state="refused", outcome="", done_at=now, reason=reason)

        assert reason in browser(world.manager).get(reverse("sla:board")).content.decode()

    def test_ticket_says_so_and_offers_the_answer_to_those_who_may(self, world: World, escalated: Any) -> None:
        address = reverse("tickets:action", args=[escalated.number, "acknowledge"])
        texts = {name: browser(world.people[name]).get(escalated.get_absolute_url()).content.decode() for name in
                 ("manager", "expert", "engineer")}  # fmt: skip

        assert all("nobody has acted yet" in text for text in texts.values())
        assert {name: address in text for name, text in texts.items()} == {
            "manager": True,
            "expert": True,
            "engineer": False,
        }

    def test_requester_reads_nothing_of_it(self, world: World, escalated: Any) -> None:
        text = browser(world.requester).get(escalated.get_absolute_url()).content.decode()

        assert "nobody has acted yet" not in text
        assert "time was over" not in text

    def test_view_filter_and_api_find_it(self, world: World, escalated: Any) -> None:
        unclaimed(world, now=MONDAY, **P3)
        api = Api(world.manager)
        assert [row.pk for row in queue(world.manager, VIEWS["escalated"], MONDAY + HOUR)] == [escalated.pk]
        assert numbers(api.get("incidents/?escalated=true")) == [escalated.number]
        detail = api.get(f"incidents/{escalated.number}/").json()
        assert detail["escalated_at"] is not None

        assert "escalated_at" not in Api(world.requester).get(f"incidents/{escalated.number}/").json()
        refused = Api(world.requester).get("incidents/?escalated=true")
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["escalated"])

    def test_api_says_what_the_portal_did(self, world: World, escalated: Any) -> None:
        address = f"tickets/{escalated.number}/plans/"
        [row] = Api(world.engineer).results(address)
        assert (row["kind"], row["limit"], row["state"], row["outcome"]) == (
            "escalate",
            "sla.response",
            "done",
            "moved",
        )

        assert Api(world.requester).get(address).status_code == 404

    def test_administrators_edit_the_rules(self, world: World) -> None:
        page = browser(world.admin)
        rule = EscalationRule.objects.get(agreement="ola", metric="resolve", step="tell")
        address = reverse("admin:sla_escalationrule_change", args=[rule.pk])
        typed = {
            **{"agreement": "ola", "metric": "resolve", "percent": 90, "tiers": ["tier1", "tier2"], "priority": "P1"},
            **{"step": "always", "roles": ["incident_manager"], "active": "on", "_confirmed": "1"},
        }
        assert page.post(address, typed).status_code == 302
        rule.refresh_from_db()

        assert (rule.percent, rule.tiers, rule.priority_id, rule.step) == (90, ["tier1", "tier2"], "P1", "always")

    def test_reminder_after_closing_is_refused(self, world: World) -> None:
        typed = {"priority": "P3", "calendar": "5x8", "remind_hours": 24, "close_hours": 24, "active": "on"}
        answer = browser(world.admin).post(reverse("admin:sla_closingrule_add"), typed)

        assert answer.status_code == 200
        assert "The reminder must come before it closes." in answer.content.decode()


@pytest.mark.req("INC-19")
class TestAgreedTimes:
    def test_it_is_agreed_by_page_and_shown_everywhere(self, world: World) -> None:
        ticket = started(world, database_clock.now() - HOUR)
        page = browser(world.engineer)
        address = reverse("tickets:action", args=[ticket.number, "agree_time"])
        assert page.get(address).status_code == 200
        assert page.post(address, {"agreed_at": "2000-01-01T00:00", "text": "?"}).status_code == 422
        assert page.post(address, {"agreed_at": "2099-01-01T10:00", "text": "备件明天到"}).status_code == 302

        for reader, url in (
            (world.engineer, ticket.get_absolute_url()),
            (world.engineer, reverse("sla:counted", args=[ticket.number])),
            (world.requester, ticket.get_absolute_url()),
        ):
            text = browser(reader).get(url).content.decode()
            assert "2099-01-01 10:00" in text
            assert "备件明天到" in text

    def test_api_agrees_filters_and_tells(self, world: World) -> None:
        ticket, other = (started(world, database_clock.now() - HOUR) for _ in range(2))
        api = Api(world.engineer)
        typed = {"agreed_at": "2099-01-01T00:00:00Z", "text": "备件明天到"}
        answer = api.post(f"incidents/{ticket.number}/actions/agree_time/", typed)
        assert answer.status_code == 200
        detail = api.get(f"incidents/{ticket.number}/").json()
        assert (detail["agreed_at"][:10], detail["agreed_reason"]) == ("2099-01-01", "备件明天到")

        assert numbers(api.get("incidents/?agreed=true")) == [ticket.number]
        assert numbers(api.get("incidents/?agreed=false")) == [other.number]
        assert numbers(api.get("incidents/?agreed_after=2100-01-01T00:00:00Z")) == []
        refused = Api(world.requester).post(f"incidents/{ticket.number}/actions/agree_time/", typed)
        assert refused.status_code == 403

    def test_columns_report_both_times(self, world: World) -> None:
        ticket = started(world, MONDAY, **P3)
        until = MONDAY + timedelta(days=1)
        ticket = act(ticket, "agree_time", world.desk, now=MONDAY, agreed_at=until.isoformat(), text="?")
        ticket = resolve(ticket, world.engineer, now=MONDAY + 20 * HOUR)

        names = ("planned_completion_at", "completed_in_time", "agreed_at", "agreed_kept")
        assert [COLUMNS[name].value(ticket) for name in names] == [MONDAY + 3 * HOUR, False, until, True]


@pytest.mark.req("INC-09")
def test_ticket_says_when_it_closes(world: World) -> None:
    ticket = resolve(started(world, MONDAY), world.engineer, now=MONDAY + HOUR)
    assert ticket.closes_at is not None
    for reader in (world.desk, world.requester):
        text = browser(reader).get(ticket.get_absolute_url()).content.decode()
        assert "2026-11-26 10:00" in text
    counted = browser(world.desk).get(reverse("sla:counted", args=[ticket.number])).content.decode()

    assert "Closing by itself" in counted
    assert Api(world.desk).get(f"incidents/{ticket.number}/").json()["closes_at"] is not None
