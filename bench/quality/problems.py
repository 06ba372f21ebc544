"""Known errors among many: how often the right one is offered; trends planted in a full database: which are found."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.models import SupportGroup, User
from bench.quality.known_errors import PAIRS, texts
from cmdb.models import BusinessSystem
from importing.copying import copy_rows, next_ids
from problems.known_errors.publishing import fitting
from problems.models import KnownError, Problem
from problems.states import States
from problems.trends.analysis import BURST, KEEPS_COMING, WEEK, Finding, find, whole_weeks
from tickets import clock
from tickets.database.numbers import allocate_numbers
from tickets.lifecycle import Phase
from tickets.meaning import NO_PRIORITY
from tickets.models import Category, Ticket
from tickets.workspace.suggestions import Call

COUNT, FIRST_OF = 5_000, 3


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks: see ``bench.child``."""
    return {"offers": offers, "trends": trends}


def load_known_errors(count: int = COUNT) -> None:
    """Make ``count`` published known errors, each with its problem. In the caller's transaction."""
    now, person = clock.now(), User.objects.get(username="bench-agent-0")
    systems = list(BusinessSystem.objects.order_by("code").values_list("pk", flat=True))
    ids, numbers = next_ids(Ticket, count), allocate_numbers("PM", [now] * count)
    problems = []
    for key, number, (title, _symptoms) in zip(ids, numbers, texts(count), strict=True):
        row = Problem(kind="problem", number=number, phase=Phase.OPEN, priority_rank=NO_PRIORITY, summary=title)
        row.__dict__["state"] = States.KNOWN_ERROR.value
        row.organisation_id, row.registered_by, row.requester = person.organisation_id, person, person
        row.created_at = row.updated_at = row.published_at = row.cause_at = now
        row.pk = row.id = key
        problems.append(row)
    copy_rows(Ticket, problems)
    copy_rows(Problem, problems)
    fixed = {"steps": "按操作手册处理。", "published_at": now, "published_by": person}
    rows = (
        KnownError(problem=row, title=title, symptoms=symptoms, business_system_id=systems[n % len(systems)], **fixed)
        for n, (row, (title, symptoms)) in enumerate(zip(problems, texts(count), strict=True))
    )
    KnownError.objects.bulk_create(rows, batch_size=1_000)


def offers() -> dict[str, Any]:
    """How often the known error that somebody means is among the first three, by language."""
    now, found = clock.now(), {}
    for language, pairs in PAIRS.items():
        first = [title in [fit.known.title for fit in fitting(Call(told), now, FIRST_OF)] for title, _s, told in pairs]
        found[language] = {"hit": sum(first), "of": len(pairs)}
    return {"known_errors": KnownError.objects.count(), **found, "across": _across(now)}


def _across(now: datetime) -> dict[str, Any]:
    """The same faults told in the other language than the one in which they are known, by the glossary."""
    found = {}
    for known, told in (("zh", "en"), ("en", "zh")):
        pairs = zip(PAIRS[known], PAIRS[told], strict=True)
        titles = [(title, call) for (title, _symptoms, _same), (_title, _other, call) in pairs]
        first = [title in [fit.known.title for fit in fitting(Call(call), now, FIRST_OF)] for title, call in titles]
        found[f"{told} to {known}"] = {"hit": sum(first), "of": len(titles)}
    return found


@dataclass
class Planted:
    """Something that was put into the database: which kind of finding it should be, and its tickets."""

    name: str
    kind: str
    ids: set[int] = field(default_factory=set)


def trends() -> dict[str, Any]:
    """Seconds for all tickets as they are; then precision and recall with what is planted, and taken out again."""
    weeks = whole_weeks(None, clock.now())
    began = time.perf_counter()
    plain = find(weeks)
    seconds = time.perf_counter() - began
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("SET LOCAL statement_timeout = 0")
        planted = _plant(weeks)
        found = find(weeks)
        keys = [(one, set(one.rows().values_list("pk", flat=True))) for one in found]
        transaction.set_rollback(True)
    hits = [one.name for one in planted if any(_is(one, finding, ids) for finding, ids in keys)]
    right = [finding for finding, ids in keys if any(_is(one, finding, ids) for one in planted)]
    return {
        "tickets": Ticket.objects.count(),
        "seconds": round(seconds, 2),
        "without": len(plain),
        "planted": len(planted),
        "proposals": len(found),
        "missed": sorted({one.name for one in planted} - set(hits)),
        "wrong": [
            f"{one.kind} {one.series.dimension} {' '.join(one.series.key)}" for one in found if one not in right
        ],
        "precision": round(len(right) / len(found), 2) if found else None,
        "recall": round(len(hits) / len(planted), 2),
    }


def _is(planted: Planted, finding: Finding, ids: set[int]) -> bool:
    """Whether a finding is what was planted: of its kind, and most of its tickets are there."""
    return finding.kind == planted.kind and len(ids & planted.ids) >= 0.6 * len(planted.ids)


def _plant(weeks: list[datetime]) -> list[Planted]:
    """Bursts of several keys, slow growth; a pattern by weekday and a renamed category, which are no trends."""
    pattern = Ticket.objects.filter(kind="incident", phase="closed").order_by("-pk")[0]
    groups = list(SupportGroup.objects.order_by("pk")[20:23])
    systems = list(BusinessSystem.objects.order_by("code")[:3])
    category, renamed = Category.objects.filter(parent__isnull=False).order_by("pk")[:2]

    def put(name: str, kind: str, counts: dict[int, int], **columns: Any) -> Planted:
        made = Planted(name, kind)
        for week, count in counts.items():
            made.ids |= _insert(pattern, weeks[week], count, columns)
        return made

    planted = [
        put("one symptom", BURST, {8: 40, 9: 12}, summary="磁盘柜告警 07"),
        put("a small symptom", BURST, {10: 9}, summary="证书链校验失败 12"),
        put("category and system", BURST, {9: 150}, category_id=category.pk, business_system_id=systems[0].pk),
        put("a group", BURST, {7: 700}, group_id=groups[0].pk),
        put("a system", BURST, {6: 900}, business_system_id=systems[1].pk),
        put("slow growth", KEEPS_COMING, {n: 2 + n for n in range(12)}, summary="批量对账超时 03"),
        put("slower growth", KEEPS_COMING, {n: 1 + n // 2 for n in range(12)}, summary="会话泄漏 05"),
    ]
    for week in range(12):  # mondays are busy, week after week
        _insert(pattern, weeks[week], 300, {}, spread=timedelta(hours=8))
    new = Category.objects.create(code="bench-renamed", name_zh="改名后", name_en="Renamed", parent=renamed.parent)
    of_old = Ticket.objects.filter(kind="incident", category=renamed, created_at__gte=weeks[6])
    of_old.update(category=new)
    return planted


def _insert(
    pattern: Ticket, week: datetime, count: int, columns: dict[str, Any], spread: timedelta = WEEK
) -> set[int]:
    """``count`` tickets like others of the time, but for ``columns``, spread over the beginning of the week."""
    begins = week + timedelta(minutes=1)
    like = Ticket.objects.filter(kind="incident", created_at__gte=begins, created_at__lt=week + WEEK).order_by("pk")
    others = list(like.values("organisation_id", "group_id", "category_id", "business_system_id", "source_id")[:count])
    ids, rows = next_ids(Ticket, count), []
    for n, key in enumerate(ids):
        row = copy.copy(pattern)
        row.pk = row.id = key
        row.number, row.created_at = f"IMX{key}", begins + spread * 0.99 * (n / count)
        own = {"summary": f"{pattern.summary} {key}", **others[n % len(others)], **columns}
        for name, value in own.items():
            setattr(row, name, value)
        rows.append(row)
    copy_rows(Ticket, rows)
    return set(ids)
