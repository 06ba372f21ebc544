"""When actions on changes are possible, apart from the state. A guard returns the reason against, or None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from approvals.models import Decision
from approvals.services import same_person
from changes.codes import EMERGENCY, MAJOR, SIMPLE, STANDARD
from changes.states import Result

if TYPE_CHECKING:
    from accounts.models import User

#: What each type must say before it is submitted: (column, its name).
NEEDED: dict[str, tuple[str, ...]] = {
    SIMPLE: ("reason", "planned_start", "planned_end"),
    MAJOR: (
        *("reason", "effect", "planned_start", "planned_end"),
        *("plan", "back_out", "back_out_tested", "resources"),
    ),
    EMERGENCY: ("reason",),
    STANDARD: ("template_version",),
}
#: What the record of an emergency must say when it is completed.
COMPLETE = ("effect", "plan", "back_out")


def is_complete(change: Any, user: User | None) -> Any:
    """Everything that its type needs is said."""
    names = [name for name in NEEDED.get(change.change_type_id, ()) if not getattr(change, name)]
    missing = [labels_of(change, names)] if names else []
    if change.change_type_id == MAJOR and not change.steps.exists():
        missing.append(_("Steps of the plan"))
    return _("Still missing: %(fields)s.") % {"fields": ", ".join(missing)} if missing else None


def labels_of(change: Any, names: list[str]) -> str:
    """The columns' names for people."""
    return ", ".join(str(change._meta.get_field(name).verbose_name) for name in names)


def may_be_asked(change: Any, user: User | None) -> Any:
    """It went the way its type must go before anybody is asked to approve it."""
    ready = {MAJOR: ("assessed",), SIMPLE: ("accepted", "assessed"), EMERGENCY: ("submitted", "accepted", "assessed")}
    if change.change_type_id == STANDARD:
        return _("A standard change is approved beforehand.")
    if change.state in ready.get(change.change_type_id, ("assessed",)):
        return None
    return _("It must be checked and assessed first.")


def has_implementer(change: Any, user: User | None) -> Any:
    """Somebody implements it."""
    return None if change.group_id or change.assignee_id else _("Nobody is to implement it yet.")


def decided_nothing(change: Any, user: User | None) -> Any:
    """Whoever carries a major change out did not decide about it (CHG-03)."""
    if change.change_type_id != MAJOR or user is None:
        return None
    same = same_person(user)
    decided = Decision.objects.filter(round__ticket=change.pk, round__purpose="change")
    if decided.filter(Q(person__in=same) | Q(for_person__in=same)).exists():
        return _("You decided about this major change: somebody else carries it out.")
    return None


def went_as_planned(change: Any, user: User | None) -> Any:
    """A simple or standard change that went as planned."""
    short = change.change_type_id in (SIMPLE, STANDARD) and change.result == Result.AS_PLANNED
    return None if short else _("Major, emergency and troubled changes need a full review.")


def has_complete_record(change: Any, user: User | None) -> Any:
    """The record of an emergency is completed."""
    if change.change_type_id != EMERGENCY or change.record_completed_at is not None:
        return None
    return _("The record of this emergency is not completed yet.")


def is_emergency(change: Any, user: User | None) -> Any:
    """An emergency whose record is not completed."""
    if change.change_type_id == EMERGENCY and change.record_completed_at is None:
        return None
    return _("Only the record of an emergency is completed afterwards.")


def has_ended(change: Any, user: User | None) -> Any:
    """It has really ended."""
    if change.actual_end is None:
        return _("It has no actual end yet.")
    return None


def waits_for_decision(change: Any, user: User | None) -> Any:
    """It has a point of no return about which nothing is decided yet."""
    if change.no_return_at is None:
        return _("Its plan has no point of no return.")
    return _("It is decided already.") if change.decision else None


def owes_notice(change: Any, user: User | None) -> Any:
    """It altered configuration items, and nobody has said so yet."""
    if change.notice_since is None:
        return _("It names no configuration items whose managers are to be told.")
    return _("The notice was sent.") if change.noticed_at else None


def has_open_order(change: Any, user: User | None) -> Any:
    """Somebody was ordered to update its items and has not returned the order."""
    open_ = change.ordered_at is not None and change.returned_at is None
    return None if open_ else _("No order to update its items is open.")


def has_no_open_order(change: Any, user: User | None) -> Any:
    """No order to update its items is open."""
    if change.ordered_at is not None and change.returned_at is None:
        return _("The order to update its items is not returned yet.")
    return None


def has_told_of_items(change: Any, user: User | None) -> Any:
    """Whose items it altered was told (CHG-08)."""
    if change.notice_since is not None and change.noticed_at is None:
        return _("The configuration notice is not sent yet.")
    return None
