"""Which item a seen thing is: serial number, address and name speak for one by weight; a name alone never does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from cmdb.life import RETIRED
from cmdb.models import Attribute, ConfigurationItem, Kind, UniqueValue
from cmdb.values import Known, is_empty, normalised, read

SERIAL, ADDRESS, NAME = "serial_number", "ip_address", "name"
#: What speaks for an item, and how loudly. Below ENOUGH nothing is matched: a name alone is not enough.
WEIGHTS = {SERIAL: 60, ADDRESS: 40, NAME: 15}
ENOUGH = 40
#: So many items of one value are looked at.
_MOST = 20
#: So many are offered to whoever decides.
OFFERED = 8


def candidates(values: Mapping[str, Any], *, retired: bool = False) -> list[ConfigurationItem]:
    """The items that speak most for being the thing; several: a tie. Empty when nothing speaks loudly enough.

    ``retired``: among those that are no more, which is said and never taken for granted.
    """
    scores = _scores(values, retired)
    best = max(scores.values(), default=0)
    if best < ENOUGH:
        return []
    keys = [key for key, score in scores.items() if score == best]
    return list(ConfigurationItem.objects.filter(pk__in=keys).order_by("pk"))


def near(values: Mapping[str, Any], identifiers: Iterable[str] = ()) -> list[ConfigurationItem]:
    """What a person may choose from: ``identifiers``, then all that anything speaks for, the loudest first."""
    named = list(identifiers)
    scores = _scores(values, False) + _scores(values, True)
    rows = ConfigurationItem.objects.filter(merged_into=None).select_related("ci_class", "status")
    found = list(rows.filter(identifier__in=named) | rows.filter(pk__in=scores))
    found.sort(key=lambda item: (item.identifier not in named, -scores[item.pk], item.pk))
    return found[: max(OFFERED, len(named))]


def spoken_for(item: ConfigurationItem, values: Mapping[str, Any]) -> list[str]:
    """Which of the seen values speak for ``item``."""
    own = {**item.attributes, NAME: item.name}
    return [name for name in WEIGHTS if not is_empty(values.get(name)) and _key(name, own) == _key(name, values)]


def identity_of(values: Mapping[str, Any] | None) -> dict[str, str]:
    """What of a thing tells which it is, in one dress: while that is the same, the source says the same."""
    return {name: _key(name, values) for name in WEIGHTS if not is_empty(values.get(name))} if values else {}


def holders(values: Iterable[Mapping[str, Any]]) -> dict[str, ConfigurationItem]:
    """Whose serial numbers were seen, by the number in one dress; of items that are no more, none. One query."""
    wanted = {_key(SERIAL, seen)[:400] for seen in values if not is_empty(seen.get(SERIAL))}
    rows = UniqueValue.objects.filter(code=SERIAL, value__in=wanted, item__merged_into=None)
    return {row.value: row.item for row in rows.exclude(item__status=RETIRED).select_related("item")}


def holder_of_serial(values: Mapping[str, Any], known: Mapping[str, ConfigurationItem]) -> ConfigurationItem | None:
    """The one of ``known`` whose serial number the thing has."""
    return known.get(_key(SERIAL, values)[:400]) if not is_empty(values.get(SERIAL)) else None


def others_with(attribute: Attribute, value: Any, item: ConfigurationItem) -> list[ConfigurationItem]:
    """Other items that have the value already, where it says which thing one is: unique, or an address."""
    if is_empty(value) or not (attribute.unique or attribute.kind == Kind.ADDRESS):
        return []
    live = ConfigurationItem.objects.filter(merged_into=None).exclude(status=RETIRED).exclude(pk=item.pk)
    if attribute.unique:
        held = UniqueValue.objects.filter(code=attribute.code, value=normalised(value)[:400]).values("item")
        return list(live.filter(pk__in=held))
    return list(live.filter(attributes__contains={attribute.code: _address(value)}).order_by("pk")[:OFFERED])


def _key(name: str, values: Mapping[str, Any]) -> str:
    value = values.get(name)
    return normalised(_address(value) if name == ADDRESS else value)


def _scores(values: Mapping[str, Any], retired: bool) -> Counter[int]:
    scores: Counter[int] = Counter()
    for name, weight in WEIGHTS.items():
        value = values.get(name)
        for key in [] if is_empty(value) else _with(name, value, retired):
            scores[key] += weight
    return scores


def _with(name: str, value: Any, retired: bool) -> Iterable[int]:
    every = ConfigurationItem.objects.filter(merged_into=None)
    live = every.filter(status=RETIRED) if retired else every.exclude(status=RETIRED)
    if name == SERIAL:
        found = UniqueValue.objects.filter(code=name, value=normalised(value), item__in=live)
        return found.values_list("item_id", flat=True)[:_MOST]
    if name == NAME:
        return live.filter(name=str(value)).values_list("pk", flat=True)[:_MOST]
    return live.filter(attributes__contains={name: _address(value)}).values_list("pk", flat=True)[:_MOST]


def _address(value: Any) -> Any:
    """An address as items keep it, in whatever dress the source gives it; what is none finds nothing."""
    try:
        return read(Attribute(kind=Kind.ADDRESS), value, Known())
    except ValidationError:
        return value
