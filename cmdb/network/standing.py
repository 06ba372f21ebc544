"""The single points of failure of a service as they are kept, for a reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem, SinglePoints
from cmdb.network.answers import SERVICE, allowed_for
from cmdb.network.impact import BUDGET_SECONDS, single_points
from cmdb.network.reading import graph_at
from cmdb.pages import seen_items
from cmdb.versioning.moments import NOW


@dataclass
class Standing:
    """``rows``: the items, the nearest first; ``as_of``: when they were reckoned, None for at this very moment."""

    rows: list[Any] = field(default_factory=list)
    as_of: datetime | None = None
    partial: bool = False


def is_service(item: ConfigurationItem) -> bool:
    """Whether single points of failure are kept for the item."""
    return item.ci_class_id in Definitions().below(SERVICE)


def standing_of(item: ConfigurationItem, user: User) -> Standing:
    """The single points of failure of ``item``: as they are kept, or reckoned where they are not kept yet.

    For customers they are reckoned on their own items alone, so that nothing hidden can show in them (ORG-03).
    """
    kept = SinglePoints.objects.filter(service=item).first() if user.may(Permission.CMDB_VIEW) else None
    if kept is not None:
        keys, partial, as_of = kept.items, kept.partial, kept.reckoned_at
    else:
        graph = graph_at(patience=BUDGET_SECONDS)
        keys, partial = single_points(graph, item.pk, allowed=allowed_for(user))
        as_of = None
    seen = seen_items(keys, user, NOW)
    return Standing([seen[key] for key in keys if key in seen], as_of, partial)
