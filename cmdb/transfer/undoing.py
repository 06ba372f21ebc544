"""Taking back a whole import: what it made goes out of use, what it changed is as it was, and the word of whoever
had said it; history keeps both.

In one transaction, at once or as the job of a worker when it is large; in parts, so that neither memory nor queries
grow with each item (CMDB-05).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from psycopg2.errors import LockNotAvailable, QueryCanceled

from accounts.models import User
from cmdb.authority import NotAllowed, Stamp
from cmdb.definitions import Definitions
from cmdb.jobs.services import NotNow, Refused, Tell, queue_job
from cmdb.models import ItemImport, ItemJob, ItemVersion, Relation, RelationVersion, SourceWithdrawal
from cmdb.relating import Link, RelationRefused, end_relations, write_relations
from cmdb.sources.facts import Fact
from cmdb.sources.ranking import NOBODY
from cmdb.sources.remaining import Without
from cmdb.transfer.exchange import alone
from cmdb.transfer.outcome import ImportBusy
from cmdb.versioning.moments import present
from cmdb.versioning.numbers import numbered_at_the_end
from cmdb.versioning.versions import BATCH
from cmdb.writing import RETIRED, Clash, Draft, write_items
from itsm.moments import moment_for_all

Stage = ItemJob.Stage
#: More items and relations than these are taken back by the worker.
AT_ONCE = 2000
#: So long whoever asks for it waits to hear what stands against it; the worker looks again in any case.
PATIENCE = timedelta(seconds=3)


_MILLISECOND = timedelta(milliseconds=1)


class NotTakenBack(Exception):  # noqa: N818 - said to people
    """The import cannot be taken back; nothing was written, the text says why."""


REFUSALS = (NotTakenBack, NotAllowed, Clash, RelationRefused)


def _silent(stage: str, done: int, total: int) -> None:
    """Nobody follows it."""


def is_large(run: ItemImport) -> bool:
    """Whether a page would wait too long for it."""
    every = (model.objects.filter(batch=run, carried=False) for model in (ItemVersion, RelationVersion))
    return sum(rows[: AT_ONCE + 1].count() for rows in every) > AT_ONCE


def check(run: ItemImport) -> None:
    """Raise NotTakenBack when it was taken back, or when somebody went on with what it wrote: with an item,
    a relation, or by relating what it made. Words that went since are nobody's going on: of imports that were taken
    back, of sources that were withdrawn; nor is what was written of the time before it.
    """
    if run.undone_at:
        raise NotTakenBack(_told_undone(run))
    written = _written(run)
    newest = written.order_by("-pk").values_list("pk", flat=True).first() or 0
    later = ItemVersion.objects.during(run.at, None).filter(item__in=written.values("item"), carried=False)
    later = later.filter(pk__gt=newest).exclude(batch=run).exclude(batch__undone_at__isnull=False)
    withdrawals = SourceWithdrawal.objects.values_list("at", "undone_at")
    later = later.exclude(recorded__startswith__in={moment for both in withdrawals for moment in both if moment})
    if busy := later.select_related("item").order_by("pk").first():
        raise NotTakenBack(_("%(item)s was changed since; correct it by hand.") % {"item": busy.item.identifier})
    _check_relations(run)


def _written(run: ItemImport) -> Any:
    """The versions of items that it wrote."""
    return ItemVersion.objects.filter(batch=run, carried=False)


def _made(run: ItemImport) -> Any:
    """Keys of the items that it made."""
    older = ItemVersion.objects.filter(item=OuterRef("item"), pk__lt=OuterRef("pk")).exclude(batch=run)
    return _written(run).filter(~Exists(older)).values("item")


def _told_undone(run: ItemImport) -> str:
    """That it was taken back, when, and by whom where that is known."""
    assert run.undone_at is not None  # noqa: S101 - asked of what was
    said = {"name": run.name, "at": moment_for_all(run.undone_at), "by": run.undone_by and run.undone_by.display_name}
    if run.undone_by is None:
        return _("%(name)s was taken back already, %(at)s.") % said
    return _("%(name)s was taken back already, by %(by)s, %(at)s.") % said


def _check_in_time(run: ItemImport) -> None:
    """As ``check``, as far as that is known in time: of a large import the database may take longer than a page has.

    Raises NotTakenBack.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE // _MILLISECOND}ms"])
            check(run)
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled | LockNotAvailable):
            raise


def _check_relations(run: ItemImport) -> None:
    """Raise NotTakenBack when a relation that the import wrote is otherwise now, or an item that it made got another.

    The latter would end with its item, and nobody would have been asked.
    """
    word = [run.source, run.at.isoformat()]
    believed = RelationVersion.objects.believed().filter(relation=OuterRef("pk"))
    holds = believed.filter(valid__upper_inf=True, sources__contains={"": word})
    ended = believed.filter(sources__contains={"end": word})
    own = Q(pk__in=RelationVersion.objects.filter(batch=run).values("relation"))
    added = Q(active=True) & (Q(source__in=_made(run)) | Q(target__in=_made(run)))
    others = Relation.objects.filter(own | added).exclude(Exists(holds)).exclude(Q(Exists(ended), active=False))
    found = others.select_related("source", "target", "relation_type").order_by("pk").first()
    if found is not None:
        names = {"relation": found.relation_type.name, "item": found.source.identifier}
        text = _("“%(relation)s” between %(item)s and %(other)s was changed since; correct it by hand.")
        raise NotTakenBack(text % {**names, "other": found.target.identifier})


def queue_undo(*, run: ItemImport, by: User) -> ItemJob:
    """Let a worker take it back; whoever asks again while it does follows the same job. Raises NotTakenBack.

    What cannot be said in time is the worker's to say.
    """
    _check_in_time(run)
    with transaction.atomic():
        ItemImport.objects.select_for_update().get(pk=run.pk)  # two at once are one job
        found = ItemJob.objects.filter(kind=ItemJob.Kind.UNDO, run=run).at_work().first()
        return found or queue_job(kind=ItemJob.Kind.UNDO, name=run.name, by=by, asked={}, run=run)


def do_undo(job: ItemJob, tell: Tell) -> None:
    """As ``undo_import``, by a worker. Raises Refused, NotNow."""
    assert job.run is not None  # noqa: S101 - queued with it
    try:
        job.outcome = {"counts": undo_import(run=job.run, by=job.by, tell=tell)}
    except ImportBusy as error:
        raise NotNow from error
    except REFUSALS as error:
        job.outcome = {"message": str(error)}
        raise Refused from error


@transaction.atomic
@numbered_at_the_end()
def undo_import(*, run: ItemImport, by: User, tell: Tell = _silent) -> dict[str, int]:
    """Take ``run`` back; how many items and relations that were. Raises what REFUSALS name, and ImportBusy."""
    alone()
    run.refresh_from_db()  # nobody else takes it back meanwhile
    check(run)
    run.undone_at, run.undone_by = present(), by
    run.save(update_fields=["undone_at", "undone_by"])  # from here on nothing of what it said counts
    reason = _("Import %(name)s taken back") % {"name": run.name}
    stamp = Stamp(by=by, source="undo", correction=True, reason=reason, batch=run)
    without = Without.words_of(run, run.undone_at, Definitions())
    relations = _for_relations(run, tell, lambda keys: _end_relations(without.relations(keys), stamp))
    items = _put_items_back(run, without, stamp, tell)
    relations += _for_relations(run, tell, lambda keys: _say_again(without.relations(keys), stamp))
    return {"relations": relations, "items": items}


def _for_relations(run: ItemImport, tell: Tell, act: Callable[[Sequence[int]], int]) -> int:
    """Do ``act`` with each part of the relations that the import wrote, or ended with an item; the sum of it."""
    every = sorted(set(RelationVersion.objects.filter(batch=run).values_list("relation_id", flat=True)))
    done = 0
    for start in range(0, len(every), BATCH):
        tell(Stage.RELATE, start, len(every))
        done += act(every[start : start + BATCH])
    return done


def _end_relations(found: Iterable[tuple[Relation, Fact]], stamp: Stamp) -> int:
    """What nobody says without the import ends."""
    over = {row: said for row, said in found if row.active and said.value is None}
    return end_relations(over, stamp, held={row.pk: _word(said) for row, said in over.items()})


def _say_again(found: Iterable[tuple[Relation, Fact]], stamp: Stamp) -> int:
    """What the import changed, and what ended with an item, is as others say it; items stand already."""
    links = []
    for row, said in found:
        if said.value is not None:
            group, needed = said.value
            links.append(Link(row.source, row.relation_type, row.target, group, needed, _word(said)))
    write_relations(links, stamp)
    return len(links)


def _word(said: Fact) -> tuple[str, str]:
    return said.source, said.at.isoformat()


def _put_items_back(run: ItemImport, without: Without, stamp: Stamp, tell: Tell) -> int:
    """What the import made is retired; what it changed is as others say it, retired where nobody speaks of it."""
    made = set(_made(run).values_list("item", flat=True))
    every = sorted(set(_written(run).values_list("item", flat=True)))
    nobody = [NOBODY, without.asked.now.isoformat()]
    for start in range(0, len(every), BATCH):
        tell(Stage.WRITE, start, len(every))
        drafts = []
        for one in without.items(every[start : start + BATCH]):
            words = {} if one.item.pk in made else one.words
            draft = Draft(one.item.identifier, {name: said.value for name, said in words.items()}, one.item)
            draft.held = {name: [] if said.source == NOBODY else _word(said) for name, said in words.items()}
            if one.item.pk in made or one.alone:
                draft.facts["status_id"], draft.held = RETIRED, {**draft.held, "status_id": nobody}
            drafts.append(draft)
        write_items(drafts, stamp, definitions=without.asked.known)
    return len(every)
