"""What of the differences is asked for, by page and API."""

from __future__ import annotations

import django_filters as filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmdb.life import RETIRED
from cmdb.models import Difference
from itsm.web.filtering import ChoicesFilter, YesNoFilter
from itsm.web.paging import Column

#: What waits for a person: nobody has to be told that what was retired is seen no more.
WAITING = Q(decision="") & ~Q(what=Difference.What.GONE, item__status=RETIRED)
SORTS = {
    "found_at": (Column("found_at"),),
    "decided_at": (Column("decided_at", nullable=True),),
}


class DifferenceFilter(filters.FilterSet):
    """By source, by what it is, whether it is decided, of which item."""

    source = filters.CharFilter(field_name="sighting__source", label=_("Source"), max_length=40)
    what = ChoicesFilter(field_name="what", label=_("What"), choices=Difference.What.choices)
    decided = YesNoFilter(~Q(decision=""), otherwise=WAITING, label=_("Decided"))
    item = filters.CharFilter(field_name="item__identifier", label=_("Item"), max_length=100)

    class Meta:
        model = Difference
        fields: tuple[str, ...] = ()
