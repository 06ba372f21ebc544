"""What the shell of every page counts: how many approvals wait for the person."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.codes import in_language
from approvals.beside import count_beside, with_beside
from approvals.content import shown
from approvals.models import ApprovalRound, Ask, Outcome
from approvals.questions import label_of, question_of
from tickets.shared.asking import Asked, Asking, register_asking
from tickets.workspace.context import Waiting, register_waiting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from tickets.models import Ticket


def waiting_for(user: User) -> QuerySet:
    """Open rounds that wait for ``user``, and what waits beside them."""
    return with_beside(ApprovalRound.objects.waiting_for(user), user)


def waiting_for_all() -> dict[int, int]:
    """How many decisions wait for each person. One query for rounds."""
    found = Ask.objects.filter(waits=True, round__outcome="open").values_list("person").order_by()
    return count_beside() + Counter(dict(found.annotate(count=Count("round", distinct=True))))


register_waiting(
    Waiting(
        code="approvals",
        label=gettext_lazy("To decide"),
        url_name="approvals:list",
        icon="gavel",
        found=waiting_for,
        of_all=waiting_for_all,
    )
)


def keys_waiting(user: User) -> QuerySet:
    """Keys of the tickets about which ``user`` is asked."""
    return ApprovalRound.objects.waiting_for(user).values("ticket")


def asked_of(tickets: Iterable[Ticket], user: User) -> dict[int, list[Asked]]:
    """What waits for ``user`` about ``tickets``, and what is proposed there, whoever decides it. Two queries."""
    by_key = {ticket.pk: ticket for ticket in tickets}
    mine = set(
        Ask.objects.filter(person=user, waits=True, round__ticket__in=by_key).values_list("round_id", flat=True)
    )
    found: dict[int, list[Asked]] = {}
    rounds = ApprovalRound.objects.filter(ticket__in=by_key, outcome=Outcome.OPEN).select_related("asked_by")
    for made in rounds.order_by("asked_at"):
        kind = by_key[made.ticket_id].kind
        proposal = question_of(kind, made.purpose).proposal
        if proposal or made.pk in mine:
            found.setdefault(made.ticket_id, []).append(_asked(made, kind, proposal=proposal, mine=made.pk in mine))
    return found


def _asked(made: ApprovalRound, kind: str, *, proposal: bool, mine: bool) -> Asked:
    """``words``: what is proposed; of a ticket as it stands that would be all of it."""
    lines = [
        _("%(what)s: %(value)s") % {"what": in_language(line["zh"], line["en"]), "value": shown(line["value"])}
        for line in made.content
    ]
    return Asked(
        what=label_of(kind, made.purpose),
        by=made.asked_by,
        words=" · ".join(lines) if proposal else "",
        text=made.text,
        url=reverse("approvals:detail", args=[made.pk]),
        mine=mine,
    )


register_asking(Asking(keys=keys_waiting, about=asked_of))
