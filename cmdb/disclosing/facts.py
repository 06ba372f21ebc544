"""Which facts of an item that somebody sees they may read: nothing in them names people or items that are hidden."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from cmdb.defining.formulas import Formula, FormulaError
from cmdb.definitions import Definitions
from cmdb.models import Attribute, ConfigurationItem, Kind

#: Stands for whatever a formula asks that nobody understands any more; no attribute is called so.
UNREADABLE = ""
#: Texts in which user names of people stand: of colleagues they are read, of nobody else.
NAMING = frozenset({"owner", "keeper"})


class Disclosure:
    """What ``user`` reads of the attributes of items. Two queries, one more where an attribute names items.

    Staff read everything. Customers read no people but their own, of the items that an attribute names only those
    that they see, and nothing that is computed from either; what they do not read they do not find by.
    """

    def __init__(self, user: User) -> None:
        self.user = user
        self.everything = user.may(Permission.CMDB_VIEW)

    @cached_property
    def _attributes(self) -> list[Attribute]:
        return [] if self.everything else Definitions().attributes

    @cached_property
    def links(self) -> set[str]:
        """Codes of attributes that name other items."""
        return {row.code for row in self._attributes if row.kind == Kind.ITEM}

    @cached_property
    def closed(self) -> set[str]:
        """Codes of attributes of which nothing is told."""
        found = {UNREADABLE, *(row.code for row in self._attributes if row.kind == Kind.PERSON)}
        computed = [(row.code, _names_in(row)) for row in self._attributes if row.formula]
        more = True
        while more:
            new = {code for code, names in computed if code not in found and names & (found | self.links | NAMING)}
            found |= new
            more = bool(new)
        return found

    @cached_property
    def _seen(self) -> set[str]:
        return set(ConfigurationItem.objects.visible_to(self.user).values_list("identifier", flat=True))

    @cached_property
    def _colleagues(self) -> set[str]:
        people = User.objects.filter(organisation=self.user.organisation_id)
        return set(people.values_list("username", flat=True))

    def reads(self, code: str, value: Any) -> bool:
        """Whether this value of the attribute may be read."""
        if code in NAMING and not self.everything:
            return code not in self.closed and value in self._colleagues
        return code not in self.closed and (code not in self.links or value in self._seen)

    def asks(self, code: str) -> bool:
        """Whether items may be found by the attribute: by nothing that could tell of what is hidden."""
        return self.everything or (code not in self.closed and code not in self.links and code not in NAMING)

    def of(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """What may be read of ``attributes``."""
        return {code: value for code, value in attributes.items() if self.reads(code, value)}


def _names_in(attribute: Attribute) -> set[str]:
    """The attributes that a formula asks. What cannot be read any more could ask anything."""
    try:
        return Formula(attribute.formula).names
    except FormulaError:
        return {UNREADABLE}
