"""Telling those affected, and keeping what they were told. Runs in the transaction of what happened."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Organisation, User
from approvals.models import ApprovalRound, Ask, Decision
from changes.approving import PURPOSE
from changes.informing.affected import Part, parts_of, systems_of
from changes.informing.models import AffectedNotice
from changes.informing.stages import ANNOUNCING, LAST, Stage
from changes.informing.wording import words_for
from changes.models import Change, PlanStep
from changes.notices import tell_of_change
from changes.schedule.windows import Window
from changes.signals import affected_told
from changes.states import GIVEN_UP, States
from cmdb.models import BusinessSystem
from tickets.services import log_event

#: What the timeline of the change says.
EVENT = "affected_{stage}"


def newest_of(change: Change) -> AffectedNotice | None:
    """What those affected were told last."""
    return AffectedNotice.objects.filter(change=change.pk).order_by("-pk").first()


def inform(*, change: Change, stage: Stage, user: User | None, now: datetime) -> AffectedNotice | None:
    """Tell everybody affected what ``stage`` says; None when there is nothing to say.

    Whom the first telling reached hears how it goes on, whoever the change would affect by then.
    """
    before = newest_of(change)
    if stage != Stage.PLANNED and (before is None or (before.stage in LAST and not _is_final(change, stage, before))):
        return None
    if stage == Stage.MOVED and before is not None and not _moved(change, before):
        return None
    parts = parts_of(change) if before is None or stage in ANNOUNCING else _parts_told(before)
    told = [
        {
            "systems": [row.pk for row in part.systems],
            "organisations": [row.code for row in part.organisations],
            "people": part.people,
        }
        for part in parts
    ]
    window = {"planned_start": change.planned_start, "planned_end": change.planned_end}
    notice = AffectedNotice.objects.create(change=change, stage=stage, at=now, parts=told, **window)
    if names := ", ".join(notice.organisations):
        log_event(ticket=change, event=EVENT.format(stage=stage), user=user, now=now, organisations=names)
    announced = (None, None) if before is None else (before.planned_start, before.planned_end)
    said = [(part, words_for(change, stage, part.systems, now, announced)) for part in parts]
    affected_told.send(Change, change=change, stage=stage, said=said, notice=notice, now=now)
    outside = _asked_outside(change)
    _tell_staff(change, notice, outside, announced, now)
    _tell_approvers(change, notice, parts, outside, announced, now)
    return notice


def _is_final(change: Change, stage: Stage, before: AffectedNotice) -> bool:
    """Whether no new time is to come after all, of which they were told that it would be announced."""
    return stage == before.stage == Stage.OFF and change.state in GIVEN_UP


def _moved(change: Change, before: AffectedNotice) -> bool:
    """Whether it takes place at another time than they were told; what lost its approval does not take place."""
    told, stands = (before.planned_start, before.planned_end), (change.planned_start, change.planned_end)
    return change.state == States.SCHEDULED and None not in stands and [*map(_minute, told)] != [*map(_minute, stands)]


def _minute(at: datetime | None) -> datetime | None:
    """As people are told it; windows of earlier releases have seconds."""
    return at and at.replace(second=0, microsecond=0)


def _parts_told(before: AffectedNotice) -> list[Part]:
    """The parts as they were told before."""
    systems = {row.pk: row for row in BusinessSystem.objects.all()}
    codes = [code for part in before.parts for code in part["organisations"]]
    rows = {row.code: row for row in Organisation.objects.filter(code__in=codes)}
    return [
        Part(
            tuple(systems[code] for code in part["systems"] if code in systems),
            tuple(rows[code] for code in part["organisations"] if code in rows),
            part["people"],
        )
        for part in before.parts
    ]


def _asked(change: Change) -> QuerySet[User]:
    """Whoever was asked in the newest round, also when others decided it, and whoever decided an earlier one."""
    rounds = ApprovalRound.objects.filter(ticket=change.pk, purpose=PURPOSE).order_by("-number")
    newest = Q(pk__in=Ask.objects.filter(round__in=rounds[:1].values("pk")).values("person"))
    return User.objects.filter(newest | Q(pk__in=Decision.objects.filter(round__in=rounds).values("person")))


def _asked_outside(change: Change) -> dict[Organisation, set[int]]:
    """Keys of those who were asked for a customer: its interface person, and other people of it."""
    found: dict[Organisation, set[int]] = defaultdict(set)
    asked = _asked(change)
    for customer in Organisation.objects.filter(interface_person__in=asked).order_by("code"):
        found[customer] |= {key for key in (customer.interface_person_id,) if key}
    for person in asked.filter(organisation__kind=Organisation.Kind.CUSTOMER).select_related("organisation"):
        found[person.organisation].add(person.pk)
    return found


def _tell_staff(
    change: Change,
    notice: AffectedNotice,
    outside: dict[Organisation, set[int]],
    announced: Window,
    now: datetime,
) -> None:
    """Those inside whom it concerns: who asked, wrote it down, was asked to decide, carries it out; the desk."""
    systems = systems_of(change)
    engineers = [key for row in systems for key in (row.primary_engineer_id, row.deputy_engineer_id)]
    persons = PlanStep.objects.filter(change=change).values_list("person", flat=True)
    told = {key for people in outside.values() for key in people}
    asked = [key for key in _asked(change).order_by("pk").values_list("pk", flat=True) if key not in told]
    people = [change.requester_id, change.registered_by_id, change.assignee_id, *persons, *engineers, *asked]
    text = words_for(change, Stage(notice.stage), systems, now, announced)
    tell_of_change(
        what="change_told",
        change=change,
        readers=list(dict.fromkeys(key for key in people if key is not None)),
        desk=True,
        text=text.subject,
        key=f"{notice.pk}",
        now=now,
    )


def _tell_approvers(
    change: Change,
    notice: AffectedNotice,
    parts: list[Part],
    outside: dict[Organisation, set[int]],
    announced: Window,
    now: datetime,
) -> None:
    """Interface persons who were asked, whoever decided: content and time in a notice of their own (CHG-11).

    Each reads of the systems of their customer, as its people do; of all when it uses none of them.
    """
    stage = Stage(notice.stage)
    for customer, people in outside.items():
        own = next((part.systems for part in parts if customer in part.organisations), None)
        words = words_for(change, stage, systems_of(change) if own is None else own, now, announced)
        tell_of_change(
            what="approver_told",
            change=change,
            readers=sorted(people),
            text={name: f"{words.subject[name]}\n{words.text[name]}" for name in words.text},
            key=f"{notice.pk}:{customer.pk}",
            now=now,
        )


def rewrite(*, ticket: Change, user: User, now: datetime, **context: Any) -> None:
    """Effect of writing what they read: what stands in the portal says it from now on; nobody is mailed again."""
    before = newest_of(ticket)
    if before is None or before.stage not in (*ANNOUNCING, Stage.SOON):
        return
    stage = Stage(before.stage)
    said = [(part, words_for(ticket, stage, part.systems, now)) for part in _parts_told(before)]
    affected_told.send(Change, change=ticket, stage=None, said=said, notice=before, now=now)
