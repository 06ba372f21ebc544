"""How complete and how right the record is: measures that open the items behind them (CMDB-05, CMDB-07)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import IN_USE
from cmdb.compliance.services import kept, rules
from cmdb.confirming.services import overdue, rhythms
from cmdb.definitions import Definitions
from cmdb.filters import PREFIX, alone, doubled
from cmdb.models import Attribute, ComplianceRule
from cmdb.services import items_at
from cmdb.versioning.moments import NOW, Moment

#: Ends of warranty, licence and contract are told so long before.
AHEAD = timedelta(days=90)
ENDS = ("warranty_end", "licence_end", "contract_end")
#: The list of items with parameters, at the moment of the page.
Address = Callable[..., str]


@dataclass(frozen=True)
class Measure:
    """A number of items that want attention, of how many, and the list of them."""

    label: str
    count: int
    of: int
    url: str

    @property
    def tone(self) -> str:
        """How bad it is."""
        return "ok" if not self.count else "late" if self.count * 5 > self.of else "soon"

    @property
    def percent(self) -> int:
        """How many are in order."""
        return 100 if not self.of else round(100 * (self.of - self.count) / self.of)


def measures(user: User, today: date, now: datetime, moment: Moment = NOW) -> dict[str, list[Measure]]:
    """Completeness, correctness, compliance, and what ends soon, at ``moment``, of which ``today`` is the day.

    What discovery saw, owners confirmed and the worker reckoned is told of now only. Two queries a rule, one a
    required attribute and kind of end, and nine more.
    """
    known, seen = Definitions(moment.defined_at), items_at(moment, user).exclude(status="retired")
    total, address = seen.count(), partial(_address, moment)
    return {
        _("Completeness"): list(_complete(seen, total, address, known)),
        _("Correctness"): [
            _doubles(seen, total, address, moment, user),
            *(_of_today(seen, total, now) if moment.is_now else ()),
        ],
        _("Compliance"): [_kept(rule, user, moment) for rule in rules()],
        _("Resilience"): _resilient(seen) if moment.is_now else [],
        _("Ends within 90 days, or has ended"): [
            _ends(seen, code, today, total, partial(address, status=sorted(IN_USE)), known) for code in ENDS
        ],
    }


def _address(moment: Moment, /, **params: str | list[str]) -> str:
    return f"{reverse('cmdb:list')}?{urlencode({**params, **moment.query()}, doseq=True)}"


def _kept(rule: ComplianceRule, user: User, moment: Moment) -> Measure:
    found = kept(rule, user, moment)
    return Measure(found.error or rule.name, found.broken, found.of, _address(moment, breaks=str(rule.pk)))


def _complete(seen: Any, total: int, address: Address, known: Definitions) -> list[Measure]:
    found = [_lacking(seen, row, known, address) for row in known.attributes if row.required and row.active]
    owner = next((row for row in known.attributes if row.code == "owner" and row.ci_class_id is None), None)
    if owner is not None and not owner.required:
        found.append(_lacking(seen, owner, known, address))
    nowhere = seen.filter(business_system=None, status="in_use", organisation__isnull=False).count()
    return [*found, Measure(_("In use for a customer, of no business system"), nowhere, total, address(loose="true"))]


def _lacking(seen: Any, row: Attribute, known: Definitions, address: Address) -> Measure:
    concerned = seen.filter(ci_class__in=known.below(row.ci_class_id)) if row.ci_class_id else seen
    params = {f"{PREFIX}{row.code}": "none", **({"ci_class": row.ci_class_id} if row.ci_class_id else {})}
    lacking = concerned.exclude(attributes__has_key=row.code).count()
    return Measure(_("Without “%(name)s”") % {"name": row.name}, lacking, concerned.count(), address(**params))


def _doubles(seen: Any, total: int, address: Address, moment: Moment, user: User) -> Measure:
    count = seen.filter(doubled(moment, user)).count()
    return Measure(_("Another item of the class has its name"), count, total, address(doubled="true", sort="name"))


def _of_today(seen: Any, total: int, now: datetime) -> list[Measure]:
    unrelated = seen.filter(alone()).count()
    gone = seen.exclude(missing_since=None).count()
    return [
        Measure(_("Hangs together with nothing"), unrelated, total, _address(NOW, alone="true")),
        Measure(_("Not seen any more by discovery"), gone, total, _address(NOW, gone="true")),
        _unconfirmed(seen, now),
    ]


def _unconfirmed(seen: Any, now: datetime) -> Measure:
    """Items that their owners have not confirmed in time, of those whose class asks for it."""
    known = Definitions()
    asked = [code for classes in rhythms(known).values() for code in classes]
    concerned = seen.filter(ci_class__in=asked, status__in=IN_USE).count() if asked else 0
    late = seen.filter(overdue(now, known)).count() if asked else 0
    return Measure(_("Not confirmed in time by the owner"), late, concerned, _address(NOW, unconfirmed="true"))


def _resilient(seen: Any) -> list[Measure]:
    """Services that one failure takes down, of those that were reckoned."""
    reckoned = seen.filter(single_points__isnull=False)
    weak = reckoned.filter(single_points__count__gt=0).count()
    label = _("Service that a single failure takes down")
    return [Measure(label, weak, reckoned.count(), _address(NOW, single_points="true"))]


def _ends(seen: Any, code: str, today: date, total: int, address: Address, known: Definitions) -> Measure:
    limit = (today + AHEAD).isoformat()
    used = seen.filter(Q(status="in_use") | Q(status="in_maintenance"))
    count = used.filter(**{f"attributes__{code}__lte": limit}).count()
    return Measure(known.label(code), count, total, address(**{f"{PREFIX}{code}": f"<={limit}"}))
