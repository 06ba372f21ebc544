"""What speaks against taking a seen value over: another item has it, or the thing may be another one (CMDB-08)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem
from cmdb.transfer.matching import SERIAL, others_with
from cmdb.values import is_empty, unlike


@dataclass(frozen=True)
class Doubt:
    """Something to think of first; ``items``: who has the value."""

    text: str
    items: list[ConfigurationItem] = field(default_factory=list)


def doubts_about(item: ConfigurationItem, values: Mapping[str, Any], known: Definitions) -> list[Doubt]:
    """What speaks against writing ``values``, which differ, to ``item``."""
    return [doubt for name, value in values.items() for doubt in _about(item, name, value, known)]


def _about(item: ConfigurationItem, name: str, value: Any, known: Definitions) -> Iterator[Doubt]:
    attribute, recorded = known.of(item.ci_class_id).get(name), item.attributes.get(name)
    if attribute is None or is_empty(value):
        return
    if name == SERIAL and not is_empty(recorded) and unlike(value, recorded):
        yield Doubt(_("The serial number is another one: this may be another device, to be recorded as such."))
    if others := others_with(attribute, value, item):
        texts = {
            True: _("%(label)s: another item has this value, and one only can have it."),
            False: _("%(label)s: another item has this value already."),
        }
        yield Doubt(texts[attribute.unique] % {"label": attribute.name}, others)
