"""Whose figures of what, as known at a moment of the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.permissions import Permission
from reports.facts.counting import members, ready, tells_all
from reports.facts.keeping import hold, seal
from reports.facts.models import FactVersion
from reports.facts.versions import kept_since, sets_known
from reports.figures import DIMENSIONS, Scope
from tickets.clock import NO_LIMIT
from tickets.figures.measures import Measure
from tickets.figures.records import Chosen, Records, moment_of, written

#: What narrows records as known then: filters of which versions have the column, as boards and charts name them.
PROMISES = ("responded_in_time", "completed_in_time")
NARROWINGS = (*DIMENSIONS, *PROMISES)


class NotKept(ValueError):  # noqa: N818 - what it is
    """What was known then is not kept of this; the text says why."""


@dataclass(frozen=True)
class KnownScope(Scope):
    """The figures as known at ``known_at``: from the versions of facts that held then."""

    known_at: datetime = NO_LIMIT
    finds: ClassVar[bool] = False

    @cached_property
    def version(self) -> str:
        """What was known at a moment never changes."""
        return f"known {self.known_at.isoformat()}"

    @cached_property
    def facts(self) -> QuerySet[Any] | None:
        """The versions that held."""
        return self.narrowed(FactVersion.objects.known(self.known_at).filter(kind=self.kind.code))

    def counted(self, chosen: Chosen) -> QuerySet[Any]:
        """The versions of the tickets that were in a set. Raises NotKept."""
        found = members(self.facts, chosen) if self.facts is not None and self.keeps(chosen.records) else None
        if found is None:
            raise NotKept(_("Of this it is not kept what was known then."))
        return found

    def found(self, chosen: Chosen) -> Any:
        """Tickets are known as they are now only. Raises NotKept."""
        raise NotKept(_("Of this it is not kept what was known then."))

    def may_count(self, measure: Measure) -> bool:
        """Only figures of sets that facts keep."""
        return super().may_count(measure) and tells_all(measure) and all(map(self.keeps, measure.sets))

    @cached_property
    def known_sets(self) -> set[str]:
        """Of which sets it was kept then: a set that came later counts nothing before."""
        return sets_known(self.kind.code, self.known_at)

    def keeps(self, records: Records) -> bool:
        """Whether it was kept at that moment who was in a set, or in each of those that make it up."""
        return all(one.is_open or one.code in self.known_sets for one in records.parts or (records,))

    def list_url(self, chosen: Chosen, **more: Any) -> str:
        """The page with what was known of exactly these tickets."""
        return f"{reverse('reports:known', args=[self.kind.slug])}?{self._known_query(chosen, more)}"

    def api_url(self, chosen: Chosen) -> str:
        """The endpoint with the same."""
        return f"/api/v1/reports/{self.kind.code}-kpis/records/?{self._known_query(chosen, {}, count='true')}"

    def _known_query(self, chosen: Chosen, more: dict[str, Any], **first: str) -> str:
        """Of exactly these: what cannot narrow them is never left out of the address. Raises NotKept."""
        narrowed = {**dict(self.filters.lists()), **more}
        if not set(narrowed) <= set(NARROWINGS):
            raise NotKept(_("Of this it is not kept what was known then."))
        first |= {"records": chosen.address, "known_at": written(self.known_at)}
        return urlencode({**first, **{k: v for k, v in narrowed.items() if v is not None}}, doseq=True)


def sealed(scope: Scope) -> datetime | None:
    """The moment as of which the figures of ``scope`` are kept for ever; None where facts do not tell them.

    Call it before they are counted, in the transaction that keeps them: nobody changes a fact until its end.
    """
    hold()
    return seal(scope.kind.code) if scope.version is not None else None


def known_moment(text: str, *, user: Any, kind: Any, now: datetime) -> datetime:
    """The moment that an address names. Raises NotKept where nothing is kept of it, or not for ``user``."""
    try:
        moment = moment_of(text)
    except ValueError as error:
        raise NotKept(_("A moment such as 2026-04-01T08:00 is expected.")) from error
    if moment > now:
        raise NotKept(_("That is still to come."))
    if ready(kind.code) is None or not user.may(Permission.VIEW):
        raise NotKept(_("What was known is kept of incidents, problems and changes, for those who see all of them."))
    since = kept_since(kind.code)
    if since is None or moment < since:
        told = written(since)[:16].replace("T", " ") if since else "–"
        raise NotKept(_("What was known is kept since %(since)s.") % {"since": told})
    return moment
