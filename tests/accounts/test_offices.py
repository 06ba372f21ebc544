"""Every way in which a row names a person is declared: handed on with them, history, or theirs (INC-22, ORG-05)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.leaving import Held, holdings_of, switch_off
from accounts.models import Department, Organisation, User
from approvals.models import Policy, PolicyDecider, PolicyStep
from cmdb.models import BusinessSystem
from tests.changes.making import change_in
from tests.factories import World
from tests.problems.conftest import Staff, staff  # noqa: F401 - a fixture
from tests.problems.test_life import assigned, raise_problem
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-22", "ORG-05")]
ROOT = Path(__file__).parents[2]

#: What waits for a person: ``held_by`` lists it, ``switched_off`` hands it on or says that nobody has it.
HANDED_ON = """
accounts.Department.manager accounts.Organisation.decision_makers accounts.Organisation.interface_person
accounts.Organisation.report_contacts
accounts.SupportGroup.lead approvals.Ask.for_person approvals.Ask.person approvals.Delegation.deputy
approvals.Delegation.person approvals.PolicyDecider.person changes.PlanStep.person changes.Recurrence.owner
cmdb.BusinessSystem.deputy_engineer cmdb.BusinessSystem.primary_engineer cmdb.Handover.receiver
duty.Absence.deputy duty.Override.user
duty.Roster.members duty.RosterMember.user duty.SwapProposal.other duty.SwapProposal.proposer
incidents.Incident.commander problems.Problem.team tickets.Ticket.assignee
"""
#: Who did something, or whom it was about: it stays.
HISTORY = """
accounts.AccessEvent.person announcements.Announcement.author announcements.AnnouncementEntry.actor
approvals.ApprovalRound.asked_by
approvals.Decision.for_person approvals.Decision.person approvals.Delegation.made_by approvals.Excluded.person
approvals.PolicyVersion.made_by changes.Change.reviewed_by changes.CollisionOverride.person
changes.Change.operator changes.FreezeVersion.made_by changes.IncidentVerdict.by changes.Interruption.by
changes.MaintenanceVersion.made_by changes.Meeting.made_by
changes.MonthlyWords.written_by changes.PlanStep.reported_by changes.PreparedEdit.applied_by changes.Presence.person
changes.QuestionnaireVersion.made_by changes.RecurrenceVersion.made_by
changes.RiskAssessment.by changes.TemplateVersion.made_by
changes.WriteVerdict.by cmdb.AttributeVersion.by cmdb.Audit.opened_by cmdb.AuditCheck.by cmdb.AuditExtra.by
cmdb.AuditPhoto.by cmdb.Baseline.by cmdb.BusinessSystemVersion.by cmdb.CIClassVersion.by cmdb.ComplianceRuleVersion.by
cmdb.EndLimitVersion.by cmdb.ItemJob.by cmdb.RelationTypeVersion.by cmdb.Claim.by cmdb.Confirmation.by
cmdb.SourceRankingVersion.by cmdb.SourceWithdrawal.by
cmdb.SourceWithdrawal.undone_by cmdb.Difference.decided_by cmdb.Difference.undone_by cmdb.Handover.giver
cmdb.IdentityChange.by cmdb.IdentityChange.undone_by
cmdb.ItemImport.by cmdb.ItemImport.undone_by cmdb.ItemVersion.by
cmdb.RelationVersion.by cmdb.Release.by cmdb.Release.ended_by cmdb.SpareMovement.by
duty.Absence.made_by duty.Absence.user duty.Override.made_by
incidents.CallIn.called_by incidents.CallIn.person incidents.Incident.backup_confirmed_by
incidents.Incident.resolved_by incidents.Incident.verified_by notifications.Delivery.recipient
problems.Evidence.written_by problems.IncidentMeeting.written_by problems.KnownError.published_by
problems.KnownErrorUse.by problems.Note.written_by
problems.TrendProposal.decided_by reports.Fact.assignee reports.FactVersion.assignee reports.FigureBaseline.set_by
reports.ProcessMeeting.written_by reports.ProcessReview.written_by reports.ReportEntry.actor
reports.Sending.reader reports.ServiceReport.approved_by reports.ServiceReport.edited_by reports.Target.edited_by
sla.CalendarVersion.published_by sla.Clock.excused_by sla.ClockChange.by sla.EngineSwitch.by
sla.PolicyVersion.published_by sla.RuleEdit.by sla.TrialRun.user tickets.Attachment.created_by tickets.Guest.user
tickets.SavedView.created_by tickets.Ticket.registered_by tickets.Ticket.requester tickets.TicketLink.created_by
tickets.TimelineEntry.actor tickets.TimeSpent.person
"""
#: What is theirs alone and rests while they cannot sign in.
OWN = """
accounts.ApiToken.user accounts.SupportGroup.members announcements.Dismissal.user changes.CalendarFeed.owner
cmdb.ItemMapping.owner cmdb.ItemQuery.owner
drafts.Draft.user exporting.Export.user live.Presence.user notifications.AnswerLink.user replies.CannedReply.owner
replies.TicketTemplate.owner reports.OwnBoard.owner reports.Schedule.owner reports.WallDisplay.owner
tickets.IdempotencyKey.user
tickets.SavedView.owner tickets.Ticket.watchers tickets.Watcher.user
"""


def test_every_way_to_name_a_person_is_declared() -> None:
    own = [
        model for model in apps.get_models() if Path(apps.get_app_config(model._meta.app_label).path).parent == ROOT
    ]
    found = {
        f"{model._meta.label}.{field.name}"
        for model in own
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]
        if field.remote_field and field.remote_field.model is User
    }
    assert found == {*HANDED_ON.split(), *HISTORY.split(), *OWN.split()}


def lines(found: list[Held]) -> dict[str, str]:
    return {one.kind: one.to for one in found}


@pytest.mark.slow
def test_offices_in_departments_and_organisations_are_left_and_logged(world: World) -> None:
    person, other, now = world.owner, world.manager, timezone.now()
    company = Organisation.objects.order_by("pk")[0]
    company.decision_makers.set([person, other])
    Organisation.objects.filter(pk=company.pk).update(interface_person=person)
    named = {"name_zh": "财务部", "name_en": "Finance", "manager": person}
    department = Department.objects.create(organisation=company, **named)
    assert lines(holdings_of(person, now)).keys() == {"manager", "interface", "decisions"}

    found = switch_off(user=person, by=world.admin, now=now)

    assert lines(found) == {"manager": "", "interface": "", "decisions": other.display_name}
    company.refresh_from_db()
    department.refresh_from_db()
    assert (department.manager, company.interface_person, list(company.decision_makers.all())) == (None, None, [other])
    assert LogEntry.objects.filter(user=world.admin, change_message__contains=person.display_name).count() == 3
    assert holdings_of(person, now) == []


@pytest.mark.slow
def test_the_deputy_follows_the_engineer_of_a_system(world: World) -> None:
    system, now = BusinessSystem.objects.order_by("pk")[0], timezone.now()
    first, second = world.engineer, world.people["engineer2"]
    BusinessSystem.objects.filter(pk=system.pk).update(primary_engineer=first, deputy_engineer=second)
    assert "system" in lines(holdings_of(first, now))

    assert lines(switch_off(user=first, by=world.admin, now=now))["system"] == second.display_name
    system.refresh_from_db()
    assert (system.primary_engineer, system.deputy_engineer) == (second, None)
    assert lines(switch_off(user=second, by=world.admin, now=now))["system"] == ""
    system.refresh_from_db()
    assert system.primary_engineer is None


def test_a_place_in_a_policy_is_named_and_its_substitute(world: World) -> None:
    policy = Policy.objects.create(code="p", name_zh="审批", name_en="P", kind="change", purpose="change", grade="g")
    PolicyStep.objects.create(policy=policy, position=1, substitute_role_id="incident_manager")
    place = PolicyDecider.objects.create(policy=policy, step=1, kind="person", person=world.owner)
    now = timezone.now()
    assert lines(holdings_of(world.owner, now)) == {"policy": ""}

    found = switch_off(user=world.owner, by=world.admin, now=now)

    step = policy.steps.get()
    assert lines(found) == {"policy": str(step.substitute_role)}
    place.refresh_from_db()
    assert place.person == world.owner


@pytest.mark.slow
@pytest.mark.parametrize("bound", [False, True])
def test_steps_that_have_not_begun_go_to_the_assignee_unless_an_approval_binds_them(world: World, bound: bool) -> None:
    change = change_in("scheduled" if bound else "draft", world)
    type(change).objects.filter(pk=change.pk).update(assignee=world.engineer)
    change.steps.update(person=world.people["engineer2"])
    now = timezone.now()
    assert "step" in lines(holdings_of(world.people["engineer2"], now))

    found = switch_off(user=world.people["engineer2"], by=world.admin, now=now)

    assert lines(found)["step"] == ("" if bound else world.engineer.display_name)
    assert change.steps.get().person == (world.people["engineer2"] if bound else world.engineer)
    assert TimelineEntry.objects.filter(ticket=change.pk).latest("pk").action == (
        "step_has_nobody" if bound else "step_handed_on"
    )


def test_a_member_leaves_the_team_of_a_problem_and_the_owner_is_handed_on(world: World, staff: Staff) -> None:  # noqa: F811
    problem = assigned(raise_problem(world), staff)
    now = timezone.now()
    assert lines(holdings_of(staff.analyst, now)) == {"team": ""}
    assert lines(holdings_of(staff.owner, now)) == {"ticket": ""}
    problem.team.add(staff.supervisor)

    assert lines(switch_off(user=staff.analyst, by=world.admin, now=now)) == {"team": staff.supervisor.display_name}
    assert "ticket" in lines(switch_off(user=staff.owner, by=world.admin, now=now))

    problem.refresh_from_db()
    assert list(problem.team.all()) == [staff.supervisor]
    assert problem.assignee != staff.owner
    assert TimelineEntry.objects.filter(ticket=problem.pk, action="team_left").exists()
