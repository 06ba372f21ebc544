"""What the shell of every page counts: how many approvals wait for the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalRound, Ask
from approvals.querysets import RoundQuerySet
from tickets.context import Waiting, register_waiting

if TYPE_CHECKING:
    from accounts.models import User


def waiting_for(user: User) -> RoundQuerySet:
    """Open rounds that wait for ``user``."""
    return ApprovalRound.objects.waiting_for(user)


def waiting_for_all() -> dict[int, int]:
    """How many open rounds wait for each person. One query."""
    found = Ask.objects.filter(waits=True, round__outcome="open").values_list("person").order_by()
    return dict(found.annotate(count=Count("round", distinct=True)))


register_waiting(
    Waiting(
        code="approvals",
        label=_("To decide"),
        url_name="approvals:list",
        icon="gavel",
        found=waiting_for,
        of_all=waiting_for_all,
    )
)
