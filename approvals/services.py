"""Asking for a decision, and what ends a round without one. Deciding itself is in ``deciding``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from accounts.codes import in_both
from accounts.models import User
from accounts.permissions import Permission
from approvals.content import digest_of, lines_of
from approvals.decisions.deciders import Entitled, delegates_of, entitled, instead_of, named_by
from approvals.decisions.lacking import Lack, needed_elsewhere
from approvals.decisions.seating import seated
from approvals.models import ApprovalRound, Ask, DeciderKind, Decision, Excluded, Outcome, Rule, Slot, Step
from approvals.notices import tell
from approvals.policy.policies import copy_for
from approvals.questions import Line, Question, question_of
from tickets.errors import ActionConflict
from tickets.models import Ticket, TimelineEntry
from tickets.services import log_event
from tickets.shared.guests import Guest, let_in, let_out

Why = Excluded.Why


@transaction.atomic
def ask(
    *, ticket: Any, purpose: str, user: User, now: datetime, text: str = "", proposed: list[Line] | None = None
) -> ApprovalRound:
    """Open a round about ``ticket`` as it stands, or about what is ``proposed``; the first deciders are told.

    The round keeps what is asked, the policy and who may not decide. Call it inside the transaction of an action: the
    ticket is locked there. Raises ActionConflict when a round is open, no policy fits, or a step has nobody.
    """
    question = question_of(ticket.kind, purpose)
    policy = copy_for(question, ticket)
    if policy is None:
        raise ActionConflict(_("No approval policy says who decides this."))
    rounds = ApprovalRound.objects.filter(ticket_id=ticket.pk, purpose=purpose)
    if rounds.filter(outcome=Outcome.OPEN).exists():
        raise ActionConflict(_("It is being decided already."))
    lines = lines_of(question, ticket) if proposed is None else proposed
    made = ApprovalRound.objects.create(
        ticket_id=ticket.pk,
        purpose=purpose,
        number=(rounds.aggregate(last=Max("number"))["last"] or 0) + 1,
        content=lines,
        digest=digest_of(lines),
        policy=policy,
        text=text,
        urgent=question.urgent(ticket),
        asked_by=user,
        asked_at=now,
    )
    ticket.rounds_open += 1  # as the database counts it
    rounds.exclude(pk=made.pk).filter(outcome=Outcome.APPROVED).update(outcome=Outcome.FALLEN, ended_at=now)
    exclude(made, question, ticket, user)
    _lay_out(made, ticket, now)
    if not question.proposal:
        named = _named(made.policy)
        log_event(ticket=ticket, event="approval_asked", user=user, now=now, policy=named, round=made.number)
    open_step(made.steps.order_by("position")[0], made, ticket, now)
    return made


def exclude(made: ApprovalRound, question: Question, ticket: Any, user: User) -> None:
    """Store who may not decide: who asks or asked before, its requester, its last editor, who carries it out."""
    found: dict[int, str] = {}
    if question.proposal:
        Excluded.objects.create(round=made, person=user, why=Why.REQUESTER)
        return
    for person in question.implementers(ticket):
        found[person.pk] = Why.IMPLEMENTER
    editor = last_editor(ticket, question)
    if editor is not None:
        found[editor] = Why.EDITOR
    before = ApprovalRound.objects.filter(ticket_id=made.ticket_id, purpose=made.purpose)  # this one too
    asking = {*before.values_list("asked_by", flat=True), *(person.pk for person in question.askers(ticket))}
    if question.keeps_requester_away:
        asking.add(ticket.requester_id)
    found |= dict.fromkeys(asking - {None}, Why.REQUESTER)
    Excluded.objects.bulk_create(Excluded(round=made, person_id=key, why=why) for key, why in found.items())


def last_editor(ticket: Any, question: Question) -> int | None:
    """Whose edit of substance was the last, by the timeline; whoever registered it when nobody edited it."""
    touched = Q(action__in=("register", *question.actions(ticket)))
    for name in question.fields:
        touched |= Q(changes__contains=[{"field": name}])
    lines = TimelineEntry.objects.filter(touched, ticket_id=ticket.pk, actor__isnull=False)
    return lines.order_by("-at", "-pk").values_list("actor_id", flat=True).first()


def _lay_out(made: ApprovalRound, ticket: Ticket, now: datetime) -> None:
    """Make the steps and their places. Raises ActionConflict when not all can be decided, each by somebody else."""
    kept_away = kept_from(made)
    seats: list[frozenset[int]] = []  # of the steps until now: who may take each
    for plan in made.policy["steps"]:
        places = [one for who in plan["deciders"] for one in spread(who, ticket, now)]
        needed = {Rule.ALL: len(places), Rule.ANY: 1}.get(plan["rule"], min(plan["needed"], len(places)))
        step = Step.objects.create(round=made, position=plan["position"], rule=plan["rule"], needed=max(needed, 1))
        Slot.objects.bulk_create(Slot(step=step, position=n, who=who) for n, who in enumerate(places, start=1))
        able = [able_to_fill(who, plan, ticket, now, kept_away) for who in places]
        if sum(map(bool, able)) < step.needed:
            lacking = [who for who, people in zip(places, able, strict=True) if not people]
            lack = Lack(made.policy, step.position, lacking, whys_of(made))
            raise ActionConflict(lack.told(ticket, now))
        seats += able if step.needed == len(able) else [frozenset().union(*able)] * step.needed
        if not seated(seats):
            raise ActionConflict(needed_elsewhere(step.position, frozenset().union(*able)))


def spread(who: dict[str, Any], ticket: Ticket, now: datetime) -> list[dict[str, Any]]:
    """The place itself, or with ``each`` one for every person that it names now."""
    if not who.get("each"):
        return [who]
    found = named_by(who, ticket, now) or (named_by(instead_of(who), ticket, now) if who.get("otherwise") else [])
    return [
        {"kind": "person", "person": one.username, "zh": one.full_name, "en": one.full_name_en or one.full_name}
        for one in found
    ]


def able_to_fill(
    who: dict[str, Any], plan: dict[str, Any], ticket: Ticket, now: datetime, kept_away: frozenset[int]
) -> frozenset[int]:
    """Keys of those who may decide there or for whom somebody may, substitutes for after the due time among them."""
    people = [one.for_person or one.person for one, _how in meant_by(who, ticket, now, kept_away)]
    spare = [one for one in substitutes(plan, ticket, now) if one.pk not in kept_away]
    return frozenset(one.pk for one in (*people, *spare))


def substitutes(plan: dict[str, Any], ticket: Ticket, at: datetime) -> list[User]:
    """Those who are asked too when the step is overdue, or has nobody else."""
    role = plan.get("substitute")
    return named_by({"kind": DeciderKind.ROLE.value, "role": role}, ticket, at) if role else []


def kept_from(made: ApprovalRound) -> frozenset[int]:
    """Keys of everybody who may not decide: as stored, and other accounts with their employee number."""
    return accounts_of(User.objects.filter(pk__in=made.excluded.values("person")))


def whys_of(made: ApprovalRound) -> dict[int, str]:
    """Why each account may not decide, by its key."""
    rows = made.excluded.select_related("person")
    return {key: row.why for row in rows for key in accounts_of([row.person])}


def accounts_of(people: Iterable[User]) -> frozenset[int]:
    """Keys of ``people`` and of every other account with the employee number of one, in the same organisation."""
    same, keys = Q(), set()
    for one in people:
        keys.add(one.pk)
        if one.employee_number:
            same |= Q(organisation_id=one.organisation_id, employee_number=one.employee_number)
    return frozenset(keys | set(User.objects.filter(same).values_list("pk", flat=True)) if same else keys)


def same_person(user: User) -> frozenset[int]:
    """Keys of the accounts of ``user``. No query without an employee number."""
    return accounts_of([user])


def voted_in(made: ApprovalRound) -> frozenset[int]:
    """Keys of everybody who decided in the round, or for whom somebody did: each person once, by any account."""
    decided = made.decisions.select_related("person", "for_person")
    return accounts_of(one for row in decided for one in (row.person, row.for_person) if one is not None)


def _tainted(one: Entitled, kept_away: frozenset[int]) -> bool:
    return one.person.pk in kept_away or (one.for_person is not None and one.for_person.pk in kept_away)


def open_step(step: Step, made: ApprovalRound, ticket: Ticket, now: datetime) -> None:
    """Let a step begin: its times run, its people are asked and told."""
    plan = plan_of(made, step)
    step.outcome, step.opened_at = Outcome.OPEN, now
    step.due_at = now + timedelta(hours=plan["due_hours"])
    step.remind_at = now + timedelta(hours=plan["remind_hours"]) if plan["remind_hours"] else None
    step.next_at = min(moment for moment in (step.due_at, step.remind_at) if moment)
    step.save()
    fresh = ask_who_may(step, made, ticket, now)
    if question_of(ticket.kind, made.purpose).proposal:  # its action told those who decide for themselves
        fresh = list(made.asks.filter(slot__step=step).exclude(how=Ask.How.OWN).values_list("person_id", flat=True))
    tell("approval_asked", made, fresh, now=now, user=made.asked_by, text=made.text)
    call_for_people(step, made, ticket, now)


def plan_of(made: ApprovalRound, step: Step) -> dict[str, Any]:
    """The step as the round's copy of the policy has it."""
    return next(plan for plan in made.policy["steps"] if plan["position"] == step.position)


def meant_by(
    who: dict[str, Any], ticket: Ticket, now: datetime, kept_away: frozenset[int]
) -> list[tuple[Entitled, str]]:
    """Whom a place means who may decide, and how; where nobody of them may, whom it names instead."""
    own = [one for one in entitled(who, ticket, now) if not _tainted(one, kept_away)]
    if own or not who.get("otherwise"):
        return [(one, str(Ask.How.DELEGATE if one.for_person else Ask.How.OWN)) for one in own]
    found = entitled(instead_of(who), ticket, now)
    return [(one, str(Ask.How.INSTEAD)) for one in found if not _tainted(one, kept_away)]


def may_fill(
    slot: Slot, made: ApprovalRound, ticket: Ticket, now: datetime, kept_away: frozenset[int] = frozenset()
) -> list[tuple[Entitled, str]]:
    """Whoever may fill the place at ``now``, and how they come to it; nobody of ``kept_away``, nor for them.

    The substitutes, and their delegates, where nobody else may, once they were asked, and after the due time.
    """
    step = slot.step
    found = meant_by(slot.who, ticket, now, kept_away)
    plan = plan_of(made, step)
    if plan.get("substitute") and (_late(step, now) or not found or _asked_substitutes(slot)):
        spare = substitutes(plan, ticket, now)
        people = [*map(Entitled, spare), *delegates_of(spare, now)]
        found += [(one, str(Ask.How.SUBSTITUTE)) for one in people if not _tainted(one, kept_away)]
    return found


def _late(step: Step, now: datetime) -> bool:
    return step.due_at is not None and step.due_at <= now


def _asked_substitutes(slot: Slot) -> bool:
    return slot.asks.filter(how=Ask.How.SUBSTITUTE).exists()


def ask_who_may(step: Step, made: ApprovalRound, ticket: Ticket, now: datetime) -> list[int]:
    """Let the step's open places wait for whoever may fill them now and nobody else; keys of who is new.

    While the kind says that nothing binds, it waits for nobody. Idempotent.
    """
    if not question_of(ticket.kind, made.purpose).binds(ticket):
        made.asks.filter(waits=True).update(waits=False)
        return []
    kept_away = kept_from(made) | voted_in(made)
    fresh: list[Ask] = []
    for slot in step.slots.filter(decisions=None).select_related("step").prefetch_related("asks"):
        able: dict[tuple[int, int | None], Ask] = {}
        for one, how in may_fill(slot, made, ticket, now, kept_away):
            row = _ask(slot, made, one.person, one.for_person, now, how)
            able.setdefault((row.person_id, row.for_person_id), row)
        known = {(row.person_id, row.for_person_id): row for row in slot.asks.all()}
        fresh += [row for pair, row in able.items() if pair not in known]
        for waits in (True, False):
            turned = [row.pk for pair, row in known.items() if row.waits != waits and (pair in able) == waits]
            if turned:
                Ask.objects.filter(pk__in=turned).update(waits=waits)
    return _store(fresh, ticket, now)


def ask_anew(ticket: Any, now: datetime) -> None:
    """After an action on ``ticket``: its open rounds wait for whoever may decide now, and for nobody else.

    Another group has another lead; while the kind says that nothing binds, nobody need decide. Those who are asked
    for the first time are told.
    """
    for made in ApprovalRound.objects.filter(ticket_id=ticket.pk, outcome=Outcome.OPEN):
        step = made.steps.filter(outcome=Outcome.OPEN).first()
        if step is not None:
            ask_and_tell(step, ticket, now)


def ask_and_tell(step: Step, ticket: Any, now: datetime) -> None:
    """Ask whoever may decide ``step`` at ``now``; who is asked for the first time is told."""
    made: ApprovalRound = step.round
    fresh = ask_who_may(step, made, ticket, now)
    tell("approval_asked", made, fresh, now=now, user=made.asked_by, text=made.text, key=f"{step.position}:{now}")
    call_for_people(step, made, ticket, now)


def call_for_people(step: Step, made: ApprovalRound, ticket: Any, now: datetime) -> None:
    """When too few are left who may decide the step, whoever asked and those who keep policies learn of it, once.

    It waits: that nobody may decide approves nothing.
    """
    if not question_of(ticket.kind, made.purpose).binds(ticket):
        return
    asked = Ask.objects.filter(slot__step=step, slot__decisions=None, waits=True)
    left = step.needed - step.decisions.filter(verdict=Decision.Verdict.APPROVE).count()
    if min(asked.values("slot").distinct().count(), asked.values("person").distinct().count()) >= left:
        return
    keepers = User.objects.active().holding(Permission.ADMIN)
    people = [made.asked_by_id, *keepers.order_by("pk").values_list("pk", flat=True)]
    tell(
        "approval_has_nobody",
        made,
        list(dict.fromkeys(key for key in people if key is not None)),
        now=now,
        text=in_both(lambda: _("Step %(step)d") % {"step": step.position}),
        key=f"{step.position}:nobody",
    )


def _ask(slot: Slot, made: ApprovalRound, person: User, other: User | None, now: datetime, how: str) -> Ask:
    return Ask(slot=slot, round=made, person=person, for_person=other, how=how, asked_at=now)


def _store(rows: list[Ask], ticket: Ticket, now: datetime) -> list[int]:
    """Store who is asked; being asked lets one read the ticket. Their keys."""
    Ask.objects.bulk_create(rows, ignore_conflicts=True)
    keys = list(dict.fromkeys(row.person_id for row in rows))
    let_in(ticket=ticket, people=keys, now=now, because=Guest.Because.ASKED)
    return keys


def end_round(made: ApprovalRound, outcome: str, now: datetime) -> None:
    """Close the round and whatever of it is open; nobody is asked any more. ``let_go`` follows once all are told."""
    made.outcome, made.ended_at = outcome, now
    made.save(update_fields=["outcome", "ended_at"])
    running = made.steps.filter(outcome=Outcome.OPEN)
    if outcome != Outcome.APPROVED:
        running.update(outcome=outcome, ended_at=now, next_at=None)
    made.asks.filter(waits=True).update(waits=False)


def let_go(made: ApprovalRound) -> None:
    """Whoever was asked and decided nothing about the ticket, nor is asked about it still, reads it no longer.

    Where the question keeps those whom it asked, that begins when its approval stands no longer.
    """
    if made.outcome == Outcome.APPROVED and question_of(made.ticket.kind, made.purpose).keeps_asked:
        return
    asked = User.objects.filter(approval_asks__round=made)
    busy = Q(pk__in=Decision.objects.filter(round__ticket=made.ticket_id).values("person"))
    busy |= Q(pk__in=Ask.objects.filter(round__ticket=made.ticket_id, round__outcome=Outcome.OPEN).values("person"))
    people = asked.exclude(busy).values_list("pk", flat=True).distinct()
    let_out(ticket=made.ticket, people=people, because=Guest.Because.ASKED)


def concerned(made: ApprovalRound) -> list[int]:
    """Keys of everybody the round matters to: who asked, who was asked, who decided, whose ticket it is.

    A proposal matters to whoever made it: those who could decide it see the ticket.
    """
    if question_of(made.ticket.kind, made.purpose).proposal:
        return [made.asked_by_id] if made.asked_by_id else []
    keys: Iterable[int | None] = (
        made.asked_by_id,
        made.ticket.assignee_id,
        *made.asks.values_list("person_id", flat=True),
        *made.decisions.values_list("person_id", flat=True),
    )
    return list(dict.fromkeys(key for key in keys if key is not None))


def _named(policy: dict[str, Any]) -> dict[str, Any]:
    return {"id": policy["code"], "zh": policy["zh"], "en": policy["en"]}


@transaction.atomic
def withdraw(
    *, ticket: Ticket, purpose: str, user: User | None, now: datetime, text: str = "", logged: bool = False
) -> bool:
    """End the open round about ``ticket``, or the approval that stands; False when there is none. Idempotent.

    ``logged``: an action says in the log what happened.
    """
    found = ApprovalRound.objects.select_for_update().filter(
        ticket_id=ticket.pk, purpose=purpose, outcome__in=(Outcome.OPEN, Outcome.APPROVED)
    )
    for made in found:
        ticket.rounds_open -= made.outcome == Outcome.OPEN
        end_round(made, Outcome.WITHDRAWN, now)
        if not logged:
            log_event(ticket=ticket, event="approval_withdrawn", user=user, now=now, round=made.number, reason=text)
        tell("approval_ended", made, concerned(made), now=now, user=user, text=text)
        let_go(made)
    return bool(found)
