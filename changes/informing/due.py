"""What those affected are told because of the time: that it starts soon, that it is late (CHG-04)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from changes.informing.models import AffectedNotice
from changes.informing.services import inform
from changes.informing.stages import ANNOUNCING, GOING_ON, LATE_AFTER, OPEN_END, REMIND_BEFORE, Stage
from changes.models import Change
from changes.states import States

BATCH = 50
#: By when it should have ended: as planned, later as was promised; an emergency without a window within the time.
EXPECTED_BY = Coalesce(
    "expected_end",
    "planned_end",
    ExpressionWrapper(F("actual_start") + Value(OPEN_END), DateTimeField()),
)


def run_informing(now: datetime) -> int:
    """Tell what is due at ``now``; how many. Any number of drivers may call it: each is told once."""
    found = _due(now).order_by("planned_start").values_list("pk", flat=True)[:BATCH]
    return sum(_run(pk, now) for pk in list(found))


def _due(now: datetime) -> Any:
    """Changes of which something is to be told, with what was told last."""
    newest = AffectedNotice.objects.filter(change=OuterRef("pk")).order_by("-pk")
    told = {"stage": Subquery(newest.values("stage")[:1]), "told_at": Subquery(newest.values("at")[:1])}
    found = Change.objects.filter(state__in=(States.SCHEDULED, States.IMPLEMENTING)).annotate(**told)
    return found.annotate(expected_by=EXPECTED_BY).filter(_soon(now) | _late(now))


def _soon(now: datetime) -> Q:
    """It starts within the time; they were told of it before that time."""
    near = Q(planned_start__lte=now + REMIND_BEFORE, planned_start__gt=now, state=States.SCHEDULED)
    return near & Q(stage__in=ANNOUNCING, told_at__lt=F("planned_start") - REMIND_BEFORE)


def _late(now: datetime) -> Q:
    """It should have begun, or ended, and nobody has said so since: each of these moments is told once."""
    begins = Q(
        state=States.SCHEDULED, planned_start__lte=now - LATE_AFTER, told_at__lt=F("planned_start") + LATE_AFTER
    )
    ends = Q(expected_by__lte=now, told_at__lt=F("expected_by"))
    return (begins | ends) & Q(stage__in=GOING_ON)


def _run(pk: int, now: datetime) -> bool:
    """One of them, unless somebody was faster."""
    with transaction.atomic():
        locked = Change.objects.select_for_update(of=("ticket_ptr",), no_key=True).filter(pk=pk).first()
        change = _due(now).filter(pk=pk).first() if locked else None
        if change is None:
            return False
        late = change.planned_start is None or change.planned_start <= now
        inform(change=change, stage=Stage.DELAYED if late else Stage.SOON, user=None, now=now)
        return True
