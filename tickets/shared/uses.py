"""Tickets tell which systems and categories an organisation uses (``cmdb.uses``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import QuerySet

from accounts.models import Organisation

if TYPE_CHECKING:
    from accounts.models import User


def tickets_of(user: User) -> QuerySet:
    """Tickets of the organisation of ``user``; of a supplier those that were handed to it."""
    ticket = apps.get_model("tickets", "Ticket")  # its columns refer to the tables whose managers ask here
    supplies = user.organisation.kind == Organisation.Kind.SUPPLIER
    column = "supplier" if supplies else "organisation"
    return ticket.objects.filter(**{column: user.organisation_id})  # visible: the own organisation's
