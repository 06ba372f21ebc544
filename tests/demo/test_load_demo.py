"""The demo data: a company at work, and nothing of it outside demo mode."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase

from accounts.models import Organisation, SupportGroup, User
from approvals.shell import waiting_for
from changes.models import Change, Recurrence
from changes.rules import may_manage
from cmdb.models import BusinessSystem, ConfigurationItem, ItemVersion, Relation, RelationVersion
from demo.company import PASSWORD
from demo.expected import differences
from demo.history import DemoError
from demo.loading import load_demo, read_demo
from duty.models import Roster
from duty.services import on_duty
from incidents.models import Incident
from itsm.demo_accounts import DEMO_ACCOUNTS
from notifications.models import Delivery
from problems.figures.register import Month
from problems.meeting.queries import repeated_in
from problems.models import KnownErrorUse, Problem, TrendProposal
from replies.models import CannedReply, TicketTemplate
from replies.variables import OF_TICKET, OF_WRITER, check_variables
from reports.models import ServiceReport
from reports.monthly.files import pdf_of
from tasks.models import Task
from tickets import clock
from tickets.models import Attachment, Category, Ticket, TicketLink, TimelineEntry
from tickets.workspace.suggestions import Call, suggest

TICKETS = 97
#: Of the weeks before, at the least: how many depends on the day of the week.
EARLIER = 200


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The demo, loaded once for all tests that only look at it."""
    from django.db import transaction  # only here: tests do not manage transactions

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("django.conf.settings.DEMO", True)
        yield load_demo()
        transaction.set_rollback(True)


@pytest.fixture
def database(demo: int, django_db_blocker: Any) -> Any:
    """The database with the demo in it."""
    with django_db_blocker.unblock():
        yield


pytestmark = [pytest.mark.req("ADM-02"), pytest.mark.slow]


def test_load_demo_adds_company_and_tickets(demo: int, database: None) -> None:
    assert demo == TICKETS
    assert Incident.objects.count() >= TICKETS + EARLIER
    assert Counter(Organisation.objects.values_list("kind", flat=True)) == {
        "provider": 1,
        "customer": 2,
        "supplier": 2,
    }
    assert SupportGroup.objects.count() == 11
    assert User.objects.count() == 46
    assert ConfigurationItem.objects.count() == 300
    assert Relation.objects.filter(active=True).count() == 537
    assert ItemVersion.objects.filter(authority="none", carried=False).count() == 1
    assert not RelationVersion.objects.filter(authority="none").exists()


@pytest.mark.req("ORG-04")
def test_load_demo_gives_every_system_two_engineers(database: None) -> None:
    assert not BusinessSystem.objects.filter(primary_engineer=None).exists()
    assert not BusinessSystem.objects.filter(deputy_engineer=None).exists()


@pytest.mark.req("ORG-02")
def test_load_demo_sets_default_groups(database: None) -> None:
    assert Category.objects.get(code="hw-net").default_group == SupportGroup.objects.get(code="network")
    assert BusinessSystem.objects.get(code="rtt").default_group == SupportGroup.objects.get(code="application")


def test_load_demo_people_can_do_what_their_roles_allow(database: None) -> None:
    people = {user.username: user for user in User.objects.with_access()}
    assert people["requester"].organisation != people["requester2"].organisation
    assert [people[name].is_agent for name in ("desk", "engineer", "engineer2", "lead", "manager")] == [True] * 5
    assert people["admin"].is_staff
    assert all(people[name].check_password(PASSWORD) for name in ("desk", "requester2", "admin"))
    assert not people["monitoring"].has_usable_password()


def test_load_demo_reaches_every_end_state(database: None) -> None:
    rows = read_demo()["tickets"]
    tickets: dict[str, Ticket] = {
        row["key"]: Incident.objects.filter(summary=row["summary"]).latest("created_at") for row in rows
    }
    originals = {row["follow_up_of"]: row["key"] for row in rows if "follow_up_of" in row}
    for original, follow_up in originals.items():
        tickets[original] = TicketLink.objects.get(source=tickets[follow_up], meaning="follow_up_of").target
    assert list(differences(rows, tickets)) == []


def test_load_demo_says_what_is_not_as_expected(database: None) -> None:
    row = next(row for row in read_demo()["tickets"] if row["key"] == "front-disconnect")
    ticket = Incident.objects.get(summary=row["summary"])
    wrong = differences([row | {"state": "closed"}], {row["key"]: ticket})
    assert list(wrong) == [f"front-disconnect ({ticket.number}): state is assigned, not closed"]


def test_load_demo_is_alive(database: None) -> None:
    now = clock.now()
    urgent = Incident.objects.filter(phase="open", priority_rank__lte=2)
    near = urgent.filter(queue_due_at__gt=now, queue_due_at__lt=now + timedelta(minutes=30))
    overdue = Ticket.objects.live().filter(queue_due_at__lt=now)
    assert near.count() >= 3
    assert overdue.exists()
    assert set(Incident.objects.values_list("state", flat=True)) == {
        "registered",
        "assigned",
        "in_progress",
        "pending",
        "resolved",
        "closed",
    }


def test_load_demo_writes_history_in_order(database: None) -> None:
    for ticket in Ticket.objects.prefetch_related("timeline"):
        times = [entry.at for entry in sorted(ticket.timeline.all(), key=lambda entry: entry.pk)]
        assert times == sorted(times)
        assert ticket.created_at == times[0]
        assert ticket.updated_at <= clock.now()


@pytest.mark.req("TKT-01")
def test_load_demo_numbers_carry_the_day_of_opening(database: None) -> None:
    for ticket in Ticket.objects.all():
        local = ticket.created_at + timedelta(hours=8)  # Asia/Shanghai has no summer time
        assert ticket.number[2:8] == f"{local:%y%m%d}"


def test_load_demo_splits_work_into_tasks(database: None) -> None:
    planned = [step["task"] for row in read_demo()["tickets"] for step in row["steps"] if step["action"] == "task"]
    expected = Counter("finished" if task["state"] == "done" else "assigned" for task in planned)
    assert Counter(Task.objects.values_list("state", flat=True)) == expected
    assert sum(Incident.objects.values_list("children_open", flat=True)) == expected["assigned"]


def test_load_demo_attaches_pictures_and_logs(database: None) -> None:
    assert sorted(Attachment.objects.values_list("name", "is_image")) == [
        ("alert-db-trade1.log", False),
        ("blocking-session.png", True),
        ("df-host-log-01.png", True),
    ]


def test_load_demo_registers_alarms_through_the_integration(database: None) -> None:
    alarms = Incident.objects.filter(source="monitoring", reopen_count=0)
    assert {ticket.registered_by.username for ticket in alarms.select_related("registered_by")} == {"monitoring"}  # type: ignore[union-attr]
    first = TimelineEntry.objects.filter(ticket__in=alarms, action="register")
    assert set(first.values_list("via", flat=True)) == {"api"}


def test_load_demo_twice_adds_nothing(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.conf.settings.DEMO", True)
    before = (User.objects.count(), Ticket.objects.count(), TimelineEntry.objects.count())
    with TestCase().assertNumQueries(3):  # savepoint, is it there, release
        assert load_demo() == 0
    assert (User.objects.count(), Ticket.objects.count(), TimelineEntry.objects.count()) == before


@pytest.mark.django_db
def test_load_demo_outside_demo_mode_is_refused() -> None:
    with pytest.raises(CommandError, match="ITSM_DEMO=1"):
        call_command("load_demo")
    assert not User.objects.exists()
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_reference_data_bring_no_account() -> None:
    call_command("load_reference", verbosity=0)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_load_demo_with_a_refused_step_adds_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO = True
    data = read_demo()
    row = next(row for row in data["tickets"] if row["key"] == "front-disconnect")
    row["steps"].insert(0, {"after_minutes": 0, "by": "engineer", "action": "resolve"})
    monkeypatch.setattr("demo.loading.read_demo", lambda: data)
    with pytest.raises(DemoError, match="front-disconnect"):
        load_demo()
    assert not User.objects.exists()
    assert not Ticket.objects.exists()


@pytest.mark.req("NTF-01", "ORG-05")
def test_the_demo_sends_nothing_of_its_past_and_knows_who_is_on_duty(database: Any) -> None:
    bell = Delivery.objects.filter(channel="portal")

    assert not Delivery.objects.filter(status__in=Delivery.ACTIVE).exists()
    assert bell.exclude(read_at=None).exists()
    assert not bell.pressing().exclude(notice__ticket__phase__in=("open", "waiting")).exists()
    assert all(on_duty(roster.group, clock.now()) for roster in Roster.objects.select_related("group"))


@pytest.mark.req("TKT-11")
def test_demo_has_canned_replies_and_templates_with_known_variables(database: None) -> None:
    assert (CannedReply.objects.count(), TicketTemplate.objects.count()) == (8, 3)
    for reply in CannedReply.objects.all():
        for text in (reply.text_zh, reply.text_en):
            assert text
            check_variables(text, (*OF_TICKET, *OF_WRITER))


@pytest.mark.req("INC-02")
def test_the_examples_of_the_guide_work_in_the_demo(database: None) -> None:
    """docs/calls-and-portal.md: the sentence of its table, and one that names a system."""
    desk = User.objects.get(username="desk")
    first, second = suggest(Call("邮件附件下载不了"), desk)
    assert (first.column, second.column) == ("business_system", "category")
    assert BusinessSystem.objects.get(pk=first.value).default_group is not None
    named = suggest(Call("六期交易系统宕机，全部席位无法报单"), desk)[0]
    assert (named.column, named.value, named.named) == ("business_system", "phase6-trading", True)


@pytest.mark.req("PRB-02", "PRB-09", "INC-17")
def test_load_demo_has_a_past_that_trends_and_boards_show(database: None) -> None:
    assert {"burst", "keeps_coming"} <= {row.finding["kind"] for row in TrendProposal.objects.filter(state="open")}
    assert KnownErrorUse.objects.count() >= 5
    states = set(Problem.objects.values_list("state", flat=True))
    assert {"registered", "investigating", "pending", "proposed", "reviewed", "closed"} <= states
    month = Month.parse("", clock.now())
    assert repeated_in(month, User.objects.get(username="zhengli"))


@pytest.mark.req("CHG-02", "CHG-03", "CHG-06")
@pytest.mark.req("RPT-02")
def test_last_month_s_reports_are_there_one_of_them_sent(database: None) -> None:
    """A customer reads its own; the draft of the other waits for the manager."""
    made = {report.organisation.code: report for report in ServiceReport.objects.select_related("organisation")}
    assert {code: report.state for code, report in made.items()} == {"exchange": "sent", "egov": "draft"}
    sent = made["exchange"]
    assert [one["name"] for one in sent.content["sent_to"]] == [str(User.objects.get(username="requester"))]
    assert (sent.is_late, sent.month.day) == (False, 1)
    assert pdf_of(sent)[:5] == b"%PDF-"


def test_every_role_of_changes_can_be_tried_with_a_demo_account(database: None) -> None:
    """Its running changes, those that wait for somebody, what comes again: each is in the hands of a demo account."""
    people = {user.username: user for user in User.objects.with_access().filter(username__in=DEMO_ACCOUNTS)}
    assert people.keys() == set(DEMO_ACCOUNTS)
    waiting = {
        name: set(Change.objects.filter(approval_rounds__in=waiting_for(user)).values_list("change_type", flat=True))
        for name, user in people.items()
    }
    running = Change.objects.filter(state="implementing")

    assert {one.assignee.username: one.steps.filter(status="started").count() for one in running if one.assignee} == {
        "engineer": 1,
        "engineer2": 1,
    }
    assert "emergency" in waiting["leader"]
    assert {"simple", "major"} <= waiting["approver"]
    assert "simple" in waiting["changemanager"]
    assert Change.objects.filter(state="submitted").exists()
    assert set(Recurrence.objects.values_list("owner__username", flat=True)) == {"engineer", "engineer2"}
    assert may_manage(running[0], people["changemanager"])


def test_the_readme_names_every_demo_account() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert [name for name in DEMO_ACCOUNTS if f"`{name}`" not in text] == []
