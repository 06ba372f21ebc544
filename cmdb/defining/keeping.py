"""Keeping how something of the model was defined, with each change and by whatever door it came (CMDB-01, CMDB-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models.signals import m2m_changed, post_save, pre_save
from django.dispatch import receiver

from accounts.models import User
from cmdb.models import BusinessSystem, RelationType
from cmdb.versioning.moments import present
from cmdb.versioning.numbers import begin_anew
from records.overtaken import replaced_by_saving


class Overtaken(Exception):  # noqa: N818 - said to people
    """Somebody changed it after it was read."""

    def __init__(self, version: Any) -> None:
        super().__init__(replaced_by_saving(version.by, version.at))


def newest_of(row: Any) -> Any:
    """How ``row`` is defined: the version that was kept last; None before the first."""
    return row.versions.select_related("by").order_by("-at", "-pk").first()


def check_read(row: Any, read: int | None) -> None:
    """Hold ``row`` until the transaction ends. Raises Overtaken when ``read`` is not its newest version any more.

    ``read``: the key of the version that was read; None: nobody read one.
    """
    type(row).objects.select_for_update(no_key=True).filter(pk=row.pk).first()
    newest = newest_of(row)
    if read is not None and newest is not None and newest.pk != read:
        raise Overtaken(newest)


def keep_definition(row: Any, by: User | None = None) -> None:
    """Keep how ``row`` is defined from now on, when it differs from what was kept."""
    said = row.definition()
    last = newest_of(row)
    if last is None or last.definition != said:
        row.versions.create(at=present(), by=by, definition=said)


@receiver(pre_save, sender=BusinessSystem)
@receiver(pre_save, sender=RelationType)
def keep_what_was(sender: Any, instance: Any, raw: bool = False, **context: Any) -> None:
    """Of what was loaded in bulk no definition is kept yet: what it said until now is kept before it changes."""
    stored = None if raw or instance._state.adding else sender.objects.filter(pk=instance.pk).first()
    if isinstance(stored, RelationType) and stored.affects != instance.affects:
        begin_anew()
    if stored is not None and not stored.versions.exists():
        stored.versions.create(at=present() - timedelta(microseconds=1), definition=stored.definition())


@receiver(post_save, sender=BusinessSystem)
@receiver(post_save, sender=RelationType)
def keep_what_is(sender: Any, instance: Any, raw: bool = False, **context: Any) -> None:
    """Whoever saves it."""
    if not raw and not getattr(instance, "kept_by_hand", False):
        keep_definition(instance)


@receiver(m2m_changed, sender=RelationType.source_classes.through)
@receiver(m2m_changed, sender=RelationType.target_classes.through)
def keep_allowed(sender: Any, instance: Any, action: str, reverse: bool = False, **context: Any) -> None:
    """The classes that a type allows."""
    if action.startswith("post_") and not reverse and not instance.kept_by_hand:
        keep_definition(instance)
