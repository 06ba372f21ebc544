"""Proposed priorities that wait become open rounds of approval, asked of whoever could decide them (INC-04)."""

import hashlib
import json

from django.db import connection, migrations
from django.db.models import Q

RIGHT = "ticket.priority"
DUE_HOURS, REMIND_HOURS = 24, 12
LEAD = {"kind": "group_lead", "group": "", "zh": "组的组长", "en": "Lead of a group"}
HOLDERS = {
    "kind": "permission",
    "permission": RIGHT,
    "zh": "审批任何组的优先级变更",
    "en": "Approve a change of priority in any group",
}
POLICY = {
    "code": "",
    "version": 0,
    "zh": "变更优先级",
    "en": "Another priority",
    "steps": [
        {
            "position": 1,
            "rule": "any",
            "needed": 1,
            "due_hours": DUE_HOURS,
            "remind_hours": REMIND_HOURS,
            "substitute": "",
            "deciders": [LEAD, HOLDERS],
        }
    ],
}


def named(row):
    """A row as timelines keep it."""
    return {"id": row.pk, "zh": row.name_zh, "en": row.name_en}


def coded(priority):
    """The same with the code, by which everybody knows a priority."""
    return {"id": priority.pk, "zh": f"{priority.pk} {priority.name_zh}", "en": f"{priority.pk} {priority.name_en}"}


def content_of(incident):
    """The readable copy of what is proposed."""
    return [
        {"name": "impact", "zh": "申请的影响度", "en": "Proposed impact", "value": named(incident.requested_impact)},
        {
            "name": "priority",
            "zh": "申请的优先级",
            "en": "Proposed priority",
            "value": coded(incident.requested_priority),
        },
        {"name": "priority_now", "zh": "当前优先级", "en": "Priority now", "value": coded(incident.priority)},
    ]


def digest_of(lines):
    """As approvals compute it."""
    values = [(line["name"], line["value"]["id"]) for line in lines]
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def move(apps, schema_editor):
    """Open a round for each proposal that waits; nobody is told anew, and no reminder is due for it."""
    Incident = apps.get_model("incidents", "Incident")
    waiting = Incident.objects.filter(requested_impact__isnull=False, requested_priority__isnull=False)
    related = waiting.select_related(
        "requested_impact", "requested_priority", "priority", "group", "priority_requested_by"
    )
    User = apps.get_model("accounts", "User")
    holders = User.objects.filter(is_active=True, roles__active=True, roles__permissions__contains=[RIGHT])
    keys = list(holders.distinct().values_list("pk", flat=True))
    for incident in related.exclude(phase="closed"):
        _move_one(apps, incident, keys)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "UPDATE tickets_ticket SET rounds_open = found.count FROM ("
            " SELECT ticket_id, count(*) FROM approvals_approvalround WHERE outcome = 'open' GROUP BY ticket_id"
            ") found WHERE found.ticket_id = tickets_ticket.id"
        )


def _move_one(apps, incident, holders):
    entries = apps.get_model("tickets", "TimelineEntry").objects.filter(
        Q(action="propose_priority"), ticket_id=incident.pk
    )
    entry = entries.order_by("at", "pk").last()
    at = entry.at if entry else incident.updated_at
    lines = content_of(incident)
    made = apps.get_model("approvals", "ApprovalRound").objects.create(
        ticket_id=incident.pk,
        purpose="priority",
        number=1,
        content=lines,
        digest=digest_of(lines),
        policy=POLICY,
        text=entry.text if entry else "",
        asked_by=incident.priority_requested_by,
        asked_at=at,
    )
    if incident.priority_requested_by_id:
        apps.get_model("approvals", "Excluded").objects.create(
            round=made, person_id=incident.priority_requested_by_id, why="requester"
        )
    step = apps.get_model("approvals", "Step").objects.create(
        round=made, position=1, rule="any", needed=1, outcome="open", opened_at=at
    )
    Slot, Ask = apps.get_model("approvals", "Slot"), apps.get_model("approvals", "Ask")
    slots = [Slot.objects.create(step=step, position=n, who=who) for n, who in enumerate((LEAD, HOLDERS), start=1)]
    lead = incident.group.lead_id if incident.group else None
    live = incident.phase in ("open", "waiting")
    asks = [(slots[0], lead)] if lead else []
    asks += [(slots[1], key) for key in holders]
    Ask.objects.bulk_create(
        Ask(slot=slot, round=made, person_id=key, how="own", asked_at=at, waits=live)
        for slot, key in asks
        if key != incident.priority_requested_by_id
    )


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0007_occurrence"),
        ("tickets", "0018_rounds_open"),
        ("approvals", "0003_rights_and_counts"),
    ]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveField(model_name="incident", name="requested_impact"),
    ]
