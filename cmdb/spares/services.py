"""Moving spare parts: against a ticket that exists, never below nothing, one after the other."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.models import SpareMovement, SparePart
from cmdb.pages import pages_of_tickets
from cmdb.versioning.moments import present

Kind = SpareMovement.Kind


def ticket_page(number: str, user: User) -> str:
    """The page of the ticket of that number; empty when ``user`` sees none."""
    return pages_of_tickets([number], user).get(number, "") if number else ""


class NotInStock(Exception):  # noqa: N818 - said to people
    """The movement cannot be; the text says why."""


def stock_of(part: SparePart) -> int:
    """How many lie in stock."""
    return SparePart.objects.with_stock().get(pk=part.pk).stock


@transaction.atomic
def move(*, part: SparePart, kind: str, count: int, reference: str = "", note: str = "", by: User) -> SpareMovement:
    """Receive, take out, return or count (``count``: how many lie there). Raises NotInStock."""
    SparePart.objects.select_for_update().get(pk=part.pk)
    reference = reference.strip()
    if kind in (Kind.TAKEN, Kind.RETURNED) and not ticket_page(reference, by):
        raise NotInStock(
            _("Parts are taken and returned for a ticket; there is no ticket “%(number)s”.") % {"number": reference}
        )
    stock = stock_of(part)
    if kind == Kind.TAKEN and count > stock:
        raise NotInStock(_("Only %(stock)d are in stock.") % {"stock": stock})
    if kind == Kind.RETURNED and count > (out := taken_for(part, reference)):
        raise NotInStock(_("Only %(count)d were taken for %(number)s.") % {"count": out, "number": reference})
    change = {Kind.TAKEN: -count, Kind.COUNTED: count - stock}.get(Kind(kind), count)
    return SpareMovement.objects.create(
        part=part, kind=kind, count=change, reference=reference, note=note, by=by, at=present()
    )


def taken_for(part: SparePart, reference: str) -> int:
    """How many of the part are out for a ticket."""
    rows = SpareMovement.objects.filter(part=part, reference=reference, kind__in=[Kind.TAKEN, Kind.RETURNED])
    return -sum(rows.values_list("count", flat=True))
