"""Withdrawing a source, and putting it back: what it said until then is not believed, or is believed again.

What was before it holds again, and nothing else changes; past beliefs stay readable (``known_at``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import IN_USE, Authority, Stamp, authority_for
from cmdb.definitions import Definitions
from cmdb.models import (
    Claim,
    ConfigurationItem,
    Difference,
    ItemImport,
    ItemJob,
    ItemVersion,
    Relation,
    RelationVersion,
    SourceWithdrawal,
)
from cmdb.sources.facts import EVER, Facts, counting, facts_of_item, facts_of_relation, period_of
from cmdb.sources.ranking import RESTORING, holder_of
from cmdb.sources.rewriting import Answer, Question, rewritten_item, rewritten_relation
from cmdb.versioning.history import Field, Names
from cmdb.versioning.moments import present
from cmdb.versioning.numbers import next_version, numbered_at_the_end
from cmdb.versioning.versions import BATCH, close
from cmdb.writing import Written, follow, is_controlled, locked_items, signed

SHOWN = 200
_STEP = timedelta(microseconds=1)


#: Told how far it is: the stage, how many of how many.
Tell = Callable[[str, int, int], None]
Stage = ItemJob.Stage


def _silent(stage: str, done: int, total: int) -> None:
    """Nobody follows it."""


class NotWithdrawn(Exception):  # noqa: N818 - said to people
    """The source cannot be withdrawn, or put back; the text says why."""


@dataclass
class Plan:
    """What withdrawing, or putting back, means now: which items with which values, which relations."""

    source: str
    items: int = 0
    values: int = 0
    relations: int = 0
    retired: int = 0
    lines: list[tuple[ConfigurationItem, list[Field]]] = field(default_factory=list)
    related: list[tuple[Relation, bool]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The numbers, as they are kept."""
        return {name: getattr(self, name) for name in ("items", "values", "relations", "retired")}


def preview(source: str, user: User, *, run: SourceWithdrawal | None = None) -> Plan:
    """What ``withdraw`` (or ``put_back``, of ``run``) would do; writes nothing. Raises Clash as they would."""
    with transaction.atomic():
        with numbered_at_the_end():  # asks once more when it is over, so it is over before all is rolled back
            plan = _carry_out(source, Stamp(by=user, source="withdrawal", correction=True, reason="?"), run)
        transaction.set_rollback(True)
    return plan


@transaction.atomic
@numbered_at_the_end()
def withdraw(*, source: str, reason: str, by: User, tell: Tell = _silent) -> SourceWithdrawal:
    """Believe no more what ``source`` said until now. Raises NotWithdrawn, NotAllowed, Clash.

    What it saw otherwise and nobody decided about waits no longer.
    """
    if SourceWithdrawal.objects.filter(source=source, undone_at=None).exists():
        raise NotWithdrawn(_("%(source)s is withdrawn already.") % {"source": source})
    reason = reason.strip()
    plan = _carry_out(source, Stamp(by=by, source="withdrawal", correction=True, reason=reason), None, tell)
    now = present()
    open_ = Difference.objects.filter(sighting__source=source, decision="")
    void = open_.update(decision=Difference.Decision.VOID, decided_by=by, decided_at=now)
    return SourceWithdrawal.objects.create(
        source=source, reason=reason[:500], by=by, at=now, counts={**plan.counts(), "differences": void}
    )


@transaction.atomic
@numbered_at_the_end()
def put_back(*, run: SourceWithdrawal, by: User, tell: Tell = _silent) -> None:
    """Believe again what the source had said. Raises NotWithdrawn, NotAllowed, Clash.

    Later words of others stay, but for those that it stands above: they are kept as claims. What waited for a decision
    waits again, unless the source saw the same anew.
    """
    row = SourceWithdrawal.objects.select_for_update().get(pk=run.pk)
    if row.undone_at:
        raise NotWithdrawn(_("%(source)s was put back already.") % {"source": row.source})
    reason = _("%(source)s is believed again") % {"source": row.source}
    _carry_out(row.source, Stamp(by=by, source="withdrawal", correction=True, reason=reason), row, tell)
    _wait_again(row)
    row.undone_at, row.undone_by = present(), by
    row.save(update_fields=["undone_at", "undone_by"])


def _wait_again(run: SourceWithdrawal) -> None:
    void = Difference.objects.filter(decision=Difference.Decision.VOID, decided_at=run.at)
    rows = void.filter(sighting__source=run.source)
    anew = Difference.objects.filter(
        sighting=OuterRef("sighting"), what=OuterRef("what"), field=OuterRef("field"), decision=""
    )
    rows.exclude(Exists(anew)).update(decision="", decided_by=None, decided_at=None)


def size_of(source: str, *, back: bool = False) -> int:
    """How many items and relations are reckoned anew when it is withdrawn, or put back."""
    return len(_items_of(source, back=back)) + len(_relations_of(source, back=back))


def _carry_out(source: str, stamp: Stamp, run: SourceWithdrawal | None, tell: Tell = _silent) -> Plan:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0")
    standing = SourceWithdrawal.objects.filter(undone_at=None)
    standing = standing.exclude(pk=run.pk) if run else standing
    withdrawn = dict(standing.values_list("source", "at"))
    now = present()
    if run is None:
        withdrawn[source] = now
    taken_back = ItemImport.objects.words_taken_back()
    asked = Question(source, run is not None, counting(withdrawn), now, Definitions(), taken_back)
    plan = Plan(source)
    works = (
        (Stage.REWRITE, _items_of, _rewrite_items),
        (Stage.REWRITE_RELATIONS, _relations_of, _rewrite_relations),
    )
    for stage, find, rewrite in works:
        every, done = find(source, back=run is not None), 0
        for keys in _batches(every):
            tell(stage, done, len(every))
            rewrite(keys, asked, stamp, plan)
            done += len(keys)
    return plan


def _said_by(source: str) -> Func:
    """The condition on a version that something in it is the word of ``source``."""
    name = Func(Value("s"), Cast(Value(source), TextField()), function="jsonb_build_object")
    path = Func(Value("$.*[0] ? (@ == $s)"), template="%(expressions)s::jsonpath")
    return Func(F("sources"), path, name, function="jsonb_path_exists", output_field=BooleanField())


def _items_of(source: str, *, back: bool) -> list[int]:
    """Items of which a believed value is the source's; to put it back, those of which it ever said something."""
    return _keys(ItemVersion, "item_id", source, back=back)


def _relations_of(source: str, *, back: bool) -> list[int]:
    """Relations that hold, or ended, by its word alone; to put it back, those of which it ever said something."""
    return _keys(RelationVersion, "relation_id", source, back=back)


def _keys(model: Any, column: str, source: str, *, back: bool) -> list[int]:
    rows = model.objects.alias(said=_said_by(source)).filter(said=True)
    found = set((rows if back else rows.believed()).values_list(column, flat=True))
    if back:
        claims = Claim.objects.filter(source=source, **{f"{column}__isnull": False})
        found |= set(claims.values_list(column, flat=True))
    return sorted(found)


def _batches(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


def grouped(rows: Any, column: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, column)].append(row)
    return found


def _after(rows: list[Any], now: datetime) -> datetime:
    """The moment under which what replaces ``rows`` is recorded: never that of one of them."""
    newest = max((row.recorded.lower for row in rows), default=now)
    return max(now, newest + _STEP) if newest > now else now


def _rewrite_items(keys: list[int], asked: Question, stamp: Stamp, plan: Plan) -> None:
    items = {item.pk: item for item in locked_items(keys)}
    versions = grouped(ItemVersion.objects.filter(item__in=keys).order_by("pk"), "item_id")
    claims = grouped(Claim.objects.filter(item__in=keys), "item_id")
    spoken_of = by_others(keys, asked)
    written, names = Written(asked.now), Names(asked.known)
    current: dict[int, Any] = {}
    gone: list[Any] = []
    new: list[Any] = []
    lost: list[Claim] = []
    of_status = False
    for key, item in items.items():
        worked_out = asked.known.computed(item.ci_class_id)
        facts = facts_of_item(versions[key], claims[key], worked_out, asked.taken_back)
        alone = key not in spoken_of and not (speakers(facts, asked) - {asked.source})
        answer = rewritten_item(versions[key], facts, asked, alone=alone)
        if not answer.gone:
            continue
        _sign(answer, item, stamp, asked)
        gone, new = gone + answer.gone, new + answer.new
        lost += _claims(answer, versions[key], claims[key], asked.now, item=item)
        of_status = of_status or "status_id" in answer.fields
        _note(plan, item, answer, names, asked.now, current)
    close(ItemVersion, gone, _after(gone, asked.now))
    ItemVersion.objects.bulk_create(new, batch_size=BATCH)
    Claim.objects.bulk_create(lost, batch_size=BATCH)
    if of_status:
        next_version()
    follow(list(items.values()), current, stamp, written, asked.known)


def _claims(answer: Answer, versions: list[Any], claims: list[Claim], now: datetime, **about: Any) -> list[Claim]:
    """What others said and what a source that is believed again stands against: kept once, as theirs of then."""
    kept = {(claim.field, claim.source, claim.at) for claim in claims}
    by = {row.known: row.by_id for row in versions if not row.carried}
    found = []
    for fact in answer.outdone:
        if fact.source not in RESTORING and (fact.name, fact.source, fact.at) not in kept:
            low, high = fact.period_at(now) or fact.periods[0]
            said = {"field": fact.name, "source": fact.source, "value": fact.value, "at": fact.at}
            until = None if high == EVER else high
            found.append(Claim(**said, by_id=by.get(fact.at), since=low, until=until, **about))
    return found


def speakers(facts: Facts, asked: Question) -> set[str]:
    """Everybody whose word about the thing counts."""
    return {fact.source for fact in facts.all() if asked.counts(fact) and not fact.undone}


def by_others(keys: list[int], asked: Question) -> set[int]:
    """Items of which another source says that they hang together with something."""
    ends = Q(source__in=keys) | Q(target__in=keys)
    rows = RelationVersion.objects.believed().filter(ends).values_list("source_id", "target_id", "sources")
    said = []
    for first, second, sources in rows:
        source, at = holder_of(sources, "", given=True)
        if source not in ("", asked.source) and (source, datetime.fromisoformat(at)) not in asked.taken_back:
            said.append((first, second))
    claimed = Claim.objects.standing().filter(relation__in=Relation.objects.filter(ends, active=True))
    claimed = claimed.exclude(source=asked.source)
    said += claimed.values_list("relation__source_id", "relation__target_id")
    return {end for pair in said for end in pair}


def _sign(answer: Answer, item: ConfigurationItem, stamp: Stamp, asked: Question) -> None:
    """Under the one guard, as every write. Raises NotAllowed."""
    controlled = [name for name in answer.fields if is_controlled(asked.known, item.ci_class_id, name)]
    names = [item.identifier]
    used = names if item.status_id in IN_USE else ()
    moment = _after(answer.gone, asked.now)
    authority, reference = authority_for(stamp, used=used, controlled=controlled, identifiers=names, now=asked.now)
    for row in answer.new:
        row.recorded = (moment, None)
        if not row.carried:
            for name, value in signed(stamp, authority, reference).items():
                setattr(row, name, value)


def _note(
    plan: Plan, item: ConfigurationItem, answer: Answer, names: Names, now: datetime, current: dict[int, Any]
) -> None:
    """Count what changes, and find what holds now."""
    before, after = holding(answer.gone, now), holding(answer.new, now)
    if after is not None:
        current[item.pk] = after
    plan.items += bool(answer.fields)
    plan.values += len(answer.fields)
    plan.retired += after is not None and after.status_id == "retired" != item.status_id
    if answer.fields and len(plan.lines) < SHOWN:
        plan.lines.append((item, names.differences(before, after) if before and after else []))


def holding(rows: list[Any], now: datetime) -> Any:
    """The version that says how it is now."""
    return next((row for row in rows if (p := period_of(row.valid)) and p[0] <= now < p[1]), None)


def _rewrite_relations(keys: list[int], asked: Question, stamp: Stamp, plan: Plan) -> None:
    rows = Relation.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=keys).order_by("pk")
    versions = grouped(RelationVersion.objects.filter(relation__in=keys).order_by("pk"), "relation_id")
    claims = grouped(Claim.objects.filter(relation__in=keys), "relation_id")
    gone: list[Any] = []
    new: list[Any] = []
    lost: list[Claim] = []
    changed: list[Relation] = []
    for row in rows.select_related("source", "target", "relation_type"):
        facts = facts_of_relation(versions[row.pk], claims[row.pk], asked.taken_back)
        answer = rewritten_relation(versions[row.pk], facts, asked, row.source.ci_class_id)
        if not answer.fields:
            continue
        moment = _after(answer.gone, asked.now)
        for piece in answer.new:
            piece.recorded = (moment, None)
            for name, value in signed(stamp, Authority.CORRECTION, "").items():
                setattr(piece, name, value)
        gone, new = gone + answer.gone, new + answer.new
        lost += _claims(answer, versions[row.pk], claims[row.pk], asked.now, relation=row)
        held = row.active
        _bring_up(row, answer, asked.now)
        changed.append(row)
        plan.relations += 1
        if len(plan.related) < SHOWN and held != row.active:
            plan.related.append((row, row.active))
    if not changed:
        return
    close(RelationVersion, gone, _after(gone, asked.now))
    RelationVersion.objects.bulk_create(new, batch_size=BATCH)
    Claim.objects.bulk_create(lost, batch_size=BATCH)
    number = next_version()
    for row in changed:
        row.graph_version = number
    Relation.objects.bulk_update(changed, ["active", "group", "needed", "graph_version"], batch_size=500)


def _bring_up(row: Relation, answer: Answer, now: datetime) -> None:
    """Let the relation's row say what is believed now."""
    after = holding(answer.new, now)
    row.active = after is not None
    if after is not None:
        row.group, row.needed = after.group, after.needed
