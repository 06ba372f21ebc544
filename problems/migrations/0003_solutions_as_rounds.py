"""Solutions that wait for a decision become open rounds of approval, as far as they were decided (PRB-06)."""

import hashlib
import json
from datetime import timedelta

from django.db import connection, migrations

SUPERVISE = ("problem.supervise", "审核高级别问题的解决方案", "Review solutions of problems of high level")
MANAGE = ("problem.manage", "管理问题：分派、批准、终止", "Manage problems: assign, approve, end")
FIELDS = (
    ("root_cause", "根本原因", "Root cause"),
    ("solution", "解决方案", "Solution"),
    ("estimate_hours", "预计工时", "Estimated hours"),
    ("expected_effect", "预期效果", "Expected effect"),
    ("test_result", "测试情况", "How it was tested"),
    ("customer_word", "与客户的讨论", "Discussed with the customer"),
)
DUE, REMIND = timedelta(hours=48), timedelta(hours=24)


def content_of(problem):
    """The readable copy of the solution."""
    lines = [{"name": name, "zh": zh, "en": en, "value": getattr(problem, name)} for name, zh, en in FIELDS]
    level = problem.level
    value = {"id": level.pk, "zh": level.name_zh, "en": level.name_en} if level else None
    return [*lines, {"name": "level", "zh": "级别", "en": "Level", "value": value}]


def digest_of(lines):
    """As approvals compute it: rows by their code, text without what the eye cannot see."""
    values = [(line["name"], essence(line["value"])) for line in lines]
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def essence(value):
    """A value without its names."""
    if isinstance(value, dict):
        return value["id"]
    return " ".join(value.split()) if isinstance(value, str) else value


def move(apps, schema_editor):
    """Open a round for each; what the supervisor had agreed to is a decision of its first step."""
    Problem = apps.get_model("problems", "Problem")
    for problem in Problem.objects.filter(state="proposed").select_related("level", "proposed_by", "supervised_by"):
        _move_one(apps, problem)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _move_one(apps, problem):
    get = apps.get_model
    at, lines = problem.proposed_at or problem.updated_at, content_of(problem)
    rights = [SUPERVISE, MANAGE] if problem.level_id == "high" else [MANAGE]
    plans = [_plan(position, right) for position, right in enumerate(rights, start=1)]
    made = get("approvals", "ApprovalRound").objects.create(
        ticket_id=problem.pk,
        purpose="solution",
        number=1,
        content=lines,
        digest=digest_of(lines),
        policy={"code": "", "version": 0, "zh": "问题解决方案", "en": "Solution of a problem", "steps": plans},
        text=problem.solution,
        asked_by=problem.proposed_by,
        asked_at=at,
    )
    if problem.proposed_by_id:
        get("approvals", "Excluded").objects.create(round=made, person_id=problem.proposed_by_id, why="requester")
    kept = {problem.proposed_by_id, problem.supervised_by_id}
    for plan in plans:
        done = plan["position"] < len(plans) and problem.supervised_at is not None
        waits = plan["position"] > 1 and problem.supervised_at is None
        step = get("approvals", "Step").objects.create(
            round=made,
            position=plan["position"],
            rule="any",
            needed=1,
            outcome="waiting" if waits else "open",
            opened_at=None if waits else at,
            due_at=None if waits else at + DUE,
        )
        who = plan["deciders"][0]
        slot = get("approvals", "Slot").objects.create(step=step, position=1, who=who)
        if done:
            _decide(apps, made, step, slot, problem)
        elif not waits:
            _ask(apps, made, slot, who, kept, at)


def _plan(position, right):
    code, zh, en = right
    return {
        "position": position,
        "rule": "any",
        "needed": 1,
        "due_hours": 48,
        "remind_hours": 24,
        "substitute": "",
        "deciders": [{"kind": "permission", "permission": code, "zh": zh, "en": en}],
    }


def _decide(apps, made, step, slot, problem):
    apps.get_model("approvals", "Decision").objects.create(
        round=made,
        step=step,
        slot=slot,
        person=problem.supervised_by,
        verdict="approve",
        at=problem.supervised_at,
        via="web",
        digest=made.digest,
    )
    type(step).objects.filter(pk=step.pk).update(outcome="approved", ended_at=problem.supervised_at)


def _ask(apps, made, slot, who, kept, at):
    User, Ask = apps.get_model("accounts", "User"), apps.get_model("approvals", "Ask")
    able = User.objects.filter(is_active=True, roles__active=True, roles__permissions__contains=[who["permission"]])
    Ask.objects.bulk_create(
        Ask(slot=slot, round=made, person=person, how="own", asked_at=at)
        for person in able.distinct()
        if person.pk not in kept
    )


class Migration(migrations.Migration):
    dependencies = [
        ("problems", "0002_problems"),
        ("tickets", "0018_rounds_open"),
        ("approvals", "0003_rights_and_counts"),
    ]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        *(
            migrations.RemoveField(model_name="problem", name=name)
            for name in ("proposed_by", "proposed_at", "supervised_by", "supervised_at", "approved_by", "approved_at")
        ),
    ]
