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
from cmdb.models import ConfigurationItem, ItemImport, ItemJob, ItemVersion, Relation, RelationVersion
from cmdb.relating import Link, RelationRefused, end_relations, write_relations
from cmdb.sources.ranking import holder_of
from cmdb.transfer.exchange import alone
from cmdb.transfer.outcome import ImportBusy
from cmdb.versioning.moments import present
from cmdb.versioning.numbers import numbered_at_the_end
from cmdb.versioning.versions import BATCH
from cmdb.writing import Clash, Draft, write_items
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
    a relation, or by relating what it made.
    """
    if run.undone_at:
        raise NotTakenBack(_told_undone(run))
    written = ItemVersion.objects.filter(batch=run, carried=False)
    newest = written.order_by("-pk").values_list("pk", flat=True).first() or 0
    later = ItemVersion.objects.believed().filter(item__in=written.values("item"), carried=False, pk__gt=newest)
    if busy := later.exclude(batch=run).select_related("item").order_by("pk").first():
        raise NotTakenBack(_("%(item)s was changed since; correct it by hand.") % {"item": busy.item.identifier})
    _check_relations(run, written)


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


def _check_relations(run: ItemImport, items: Any) -> None:
    """Raise NotTakenBack when a relation that the import wrote is otherwise now, or an item that it made got another.

    The latter would end with its item, and nobody would have been asked.
    """
    own = RelationVersion.objects.filter(batch=run, carried=False)
    older = ItemVersion.objects.filter(item=OuterRef("item"), pk__lt=OuterRef("pk")).exclude(batch=run)
    made = items.filter(~Exists(older)).values("item")
    since = own.filter(relation=OuterRef("relation"), pk__lt=OuterRef("pk"))
    touched = Q(Exists(since)) | Q(source__in=made) | Q(target__in=made)
    later = RelationVersion.objects.exclude(batch=run).filter(touched)
    found = later.select_related("source", "target", "relation_type").order_by("pk").first()
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
    reason = _("Import %(name)s taken back") % {"name": run.name}
    stamp = Stamp(by=by, source="undo", correction=True, reason=reason)
    relations = _for_relations(run, tell, lambda written: _end_made(written, stamp))
    items = _put_items_back(run, stamp, tell)
    _for_relations(run, tell, lambda written: _say_again(written, stamp))
    counts = {"relations": relations, "items": items}
    run.undone_at, run.undone_by = present(), by
    run.save(update_fields=["undone_at", "undone_by"])
    return counts


def _relations_of(run: ItemImport) -> Any:
    """What is believed of relations because of the import: what it wrote, and what ended with an item it retired."""
    own = Q(carried=False) | Q(valid__upper_inf=False)
    return RelationVersion.objects.filter(own, batch=run, recorded__upper_inf=True)


def _for_relations(run: ItemImport, tell: Tell, act: Callable[[Any], None]) -> int:
    """Do ``act`` with what the import wrote of each part of them; of how many relations."""
    written = _relations_of(run)
    every = sorted(set(written.values_list("relation_id", flat=True)))
    for start in range(0, len(every), BATCH):
        tell(Stage.RELATE, start, len(every))
        act(written.filter(relation__in=every[start : start + BATCH]))
    return len(every)


def _before(written: Any) -> tuple[set[int], dict[int, RelationVersion]]:
    """The keys of all, and what was believed of those that were there before, by key."""
    versions = {row.relation_id: row for row in written}
    rows = RelationVersion.objects.filter(relation__in=versions, recorded__upper_inf=False).order_by("pk")
    found = {row.relation_id: row for row in rows if row.recorded.upper == versions[row.relation_id].known}
    return set(versions), found


def _end_made(written: Any, stamp: Stamp) -> None:
    """What the import made ends."""
    keys, before = _before(written)
    end_relations(Relation.objects.filter(pk__in=keys - before.keys(), active=True), stamp)


def _say_again(written: Any, stamp: Stamp) -> None:
    """What the import changed, and what ended with an item, says again what it said before; items stand already."""
    _keys, before = _before(written)
    found = Relation.objects.filter(pk__in=before).select_related("source", "target", "relation_type")
    write_relations(
        [
            Link(
                row.source,
                row.relation_type,
                row.target,
                was.group,
                was.needed,
                holder_of(was.sources, "", given=True),
            )
            for row, was in ((row, before[row.pk]) for row in found)
        ],
        stamp,
    )


def _put_items_back(run: ItemImport, stamp: Stamp, tell: Tell) -> int:
    """What the import made is retired; what it changed says again what it said before."""
    written = ItemVersion.objects.filter(batch=run, carried=False)
    every = sorted(set(written.values_list("item_id", flat=True)))
    known = Definitions()
    for start in range(0, len(every), BATCH):
        tell(Stage.WRITE, start, len(every))
        keys = every[start : start + BATCH]
        items = {row.pk: row for row in ConfigurationItem.objects.filter(pk__in=keys)}
        versions = list(written.filter(item__in=keys).order_by("pk"))
        write_items(_drafts(versions, items), stamp, definitions=known)
    return len(every)


def _drafts(versions: Sequence[ItemVersion], items: dict[int, ConfigurationItem]) -> list[Draft]:
    """What each item said before the import; out of use when the import made it."""
    earlier: dict[int, list[ItemVersion]] = {}
    for row in ItemVersion.objects.filter(item__in=items).order_by("pk"):
        earlier.setdefault(row.item_id, []).append(row)
    return [_back(version, earlier[version.item_id], items[version.item_id]) for version in versions]


def _back(version: ItemVersion, rows: Sequence[ItemVersion], item: ConfigurationItem) -> Draft:
    replaced = [row for row in rows if not row.carried and row.recorded.upper == version.known]
    older = replaced or [row for row in rows if row.pk < version.pk]
    if not older:
        return Draft(item.identifier, {"status_id": "retired"}, item)
    facts = dict.fromkeys(item.attributes) | older[-1].facts
    return Draft(item.identifier, facts, item, held=_words_before(version, older[-1], facts))


def _words_before(version: ItemVersion, older: ItemVersion, names: Iterable[str]) -> dict[str, Sequence[str]]:
    """Who had said, and when, those of ``names`` that the import said since; empty: nobody."""
    said, was = (
        {name: holder_of(row.sources, name, given=name in row.facts) for name in names} for row in (version, older)
    )
    return {name: list(filter(None, word)) for name, word in was.items() if word != said[name]}
