"""Handing over, taking over, refusing, taking back. The keeper changes when the receiver has signed, not before."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.querysets import UserQuerySet
from cmdb.authority import NotAllowed, Stamp, may_edit
from cmdb.models import ConfigurationItem, Handover
from cmdb.versioning.moments import present
from cmdb.writing import RETIRED, Draft, write_items

KEEPER = "keeper"
State = Handover.State
#: A handover moved on: ``handover``, ``people`` to be told, ``by``, ``now``. Apps above tell them.
handover_moved = Signal()


class NotHandedOver(Exception):  # noqa: N818 - said to people
    """The step is not possible; the text says why."""


def may_see(row: Handover, user: User) -> bool:
    """Both people of it, and whoever sees items."""
    return user.pk in (row.giver_id, row.receiver_id) or user.may(Permission.CMDB_VIEW)


def may_receive(item: ConfigurationItem) -> UserQuerySet:
    """Who can be handed ``item``: people who sign in, of the provider and its suppliers, and of the item's own
    customer. Nobody else learns of it through a handover (ORG-03).
    """
    staff = Q(pk__in=User.objects.holding(Permission.VIEW, Permission.WORK).values("pk"))
    own = Q(organisation=item.organisation_id) if item.organisation_id else staff
    return User.objects.signing_in().filter(staff | own)


@transaction.atomic
def hand_over(*, item: ConfigurationItem, receiver: User, condition: str, by: User) -> Handover:
    """Hand ``item`` over to ``receiver``, who has to sign. Raises NotHandedOver."""
    row = ConfigurationItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    keeper = str(row.attributes.get(KEEPER) or "")
    if not may_edit(by) and by.username != keeper:
        raise NotHandedOver(_("Only its keeper, or whoever keeps the record, hands it over."))
    if row.status_id == RETIRED:
        raise NotHandedOver(_("%(item)s is retired.") % {"item": row.identifier})
    if not receiver.is_active:
        raise NotHandedOver(_("%(person)s cannot sign in any more.") % {"person": receiver.display_name})
    if not may_receive(row).filter(pk=receiver.pk).exists():
        text = _("%(person)s cannot keep %(item)s: only staff, and people of the customer it belongs to, can.")
        raise NotHandedOver(text % {"person": receiver.display_name, "item": row.identifier})
    if receiver.username == keeper:
        raise NotHandedOver(_("%(person)s keeps it already.") % {"person": receiver.display_name})
    if row.handovers.filter(state=State.OPEN).exists():
        raise NotHandedOver(_("It is being handed over already; take that back first."))
    made = Handover.objects.create(
        item=row, keeper_before=keeper, giver=by, receiver=receiver, condition=condition[:500], given_at=present()
    )
    handover_moved.send(Handover, handover=made, people=[receiver], by=by, now=made.given_at)
    return made


@transaction.atomic
def end_handover(*, handover: Handover, state: str, words: str = "", by: User) -> Handover:
    """Sign, refuse (the receiver; why), or take back (the giver, the configuration manager). Raises NotHandedOver."""
    row = (
        Handover.objects.select_for_update(of=("self",))
        .select_related("item", "giver", "receiver")
        .get(pk=handover.pk)
    )
    if row.state != State.OPEN:
        raise NotHandedOver(_("This is over: %(state)s.") % {"state": row.get_state_display()})
    allowed = by.pk == row.receiver_id if state != State.WITHDRAWN else by.pk == row.giver_id or may_edit(by)
    if not allowed:
        raise NotHandedOver(_("Only %(person)s signs for it.") % {"person": row.receiver.display_name})
    if state == State.REFUSED and not words.strip():
        raise NotHandedOver(_("Say why you refuse it."))
    row.state, row.words, row.ended_at = state, words.strip()[:500], present()
    row.save()
    if state == State.TAKEN:
        reason = _("Taken over from %(person)s") % {"person": row.giver.display_name}
        stamp = Stamp(by=by, observed=True, reason=reason)
        try:
            write_items([Draft(row.item.identifier, {KEEPER: row.receiver.username}, row.item)], stamp)
        except NotAllowed as error:  # the keeper is under change control: signing for it is no ground
            raise NotHandedOver(str(error)) from error
    people = [row.receiver] if state == State.WITHDRAWN else [row.giver]
    handover_moved.send(Handover, handover=row, people=people, by=by, now=row.ended_at)
    return row
