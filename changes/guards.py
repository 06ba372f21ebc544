"""When actions on changes are possible, apart from the state. A guard returns the reason against, or None."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from approvals.models import ApprovalRound, Decision, Outcome
from approvals.questions import question_of
from approvals.services import accounts_of, same_person
from changes.assessing.outdated import altered_since
from changes.codes import EMERGENCY, MAJOR, SIMPLE, STANDARD
from changes.states import Decision as GoOrNot
from changes.states import Result
from changes.updating import written

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
#: Whoever does one of these carries it out.
WORK = ("start", "report_step", "back_out_step", "go", "no_go", "apply_edits", "implement", "back_out_now")
#: Each of these looks back at it; the newest counts.
REVIEWS = ("confirm_result", "review", "review_in_full")
#: What the record of an emergency must say when it is completed.
COMPLETE = ("effect", "plan", "back_out")


def is_complete(change: Any, user: User | None) -> Any:
    """Everything that its type needs is said."""
    names = [name for name in NEEDED.get(change.change_type_id, ()) if not getattr(change, name)]
    missing = [labels_of(change, names)] if names else []
    if change.change_type_id == MAJOR and not change.steps.exists():
        missing.append(_("Steps of the plan"))
    if change.change_type_id == EMERGENCY and not says_its_cause(change):
        missing.append(_("what it was raised from, or what it touches"))
    return _("Still missing: %(fields)s.") % {"fields": ", ".join(missing)} if missing else None


def says_its_cause(change: Any) -> bool:
    """Whether another emergency for the same cause can be told from it: by its ticket, or by what both touch."""
    return bool(change.raised_from_id or change.business_system_id or change.affected_items.exists())


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


def stands_as_assessed(change: Any, user: User | None) -> Any:
    """Nothing of substance was altered since it was assessed: its risk chooses who decides (CHG-02).

    An emergency waits for nobody: whoever decides reads what was altered.
    """
    if not change.risk or change.change_type_id in (STANDARD, EMERGENCY) or not (altered := altered_since(change)):
        return None
    said = _("Altered since it was assessed: %(what)s. A change manager assesses it anew first.")
    return said % {"what": ", ".join(altered)}


def keeps_its_template(change: Any, user: User | None) -> Any:
    """Not what was approved beforehand as its template says (CHG-02)."""
    if change.change_type_id != STANDARD:
        return None
    return _(
        "A standard change was approved beforehand, as its template says and as it was ordered: only its summary, its"
        " window and who implements it change. For anything else cancel it and order anew, or raise a simple change."
    )


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


def signed_nothing(change: Any, user: User | None) -> Any:
    """Whoever carries it out did not sign for its hard collisions: no approval of one's own work (CHG-03, CHG-05).

    By beginning an emergency one signs as well: that signature decides nothing for others, and does not count here.
    """
    if user is None:
        return None
    begun = change.timeline.filter(action="start").values("at")
    if change.overrides.filter(person__in=same_person(user)).exclude(at__in=begun).exists():
        return _("You signed for its hard collisions: somebody else carries it out.")
    return None


def signed_nothing_or_alone(change: Any, user: User | None) -> Any:
    """Whoever stops it or backs it out did not sign for its hard collisions, unless nobody else is left who could.

    Whoever began it did not sign: this is for the night in which they are gone.
    """
    reason = signed_nothing(change, user)
    return reason if reason and _others_carry_out(change) else None


def _others_carry_out(change: Any) -> bool:
    """Whether somebody may work on it who neither decided about it nor signed."""
    working = Q(pk=change.assignee_id)
    if change.group_id is not None:
        working |= Q(support_groups=change.group_id)
    people = User.objects.filter(working, is_active=True).distinct()
    return any(
        one.may(Permission.WORK) and not decided_nothing(change, one) and not signed_nothing(change, one)
        for one in people
    )


def led_it_nowhere(change: Any, user: User | None) -> Any:
    """Whoever signs did not ask for it, edit its substance last, move it last or choose its implementers (CHG-03)."""
    if user is None or not same_person(user) & authors_of(change):
        return None
    return _("You asked for it, edited or moved it last, or chose its implementers: somebody else signs.")


def authors_of(change: Any) -> frozenset[int]:
    """Keys of whoever asked for it, and who last edited its substance, its window, and who implements it.

    Its risk is of substance, too, but whoever assessed it led it into no collision.
    """
    question = question_of("change", "change")
    fields = [name for name in question.fields if name != "risk"]
    last = (
        _last(change, question.actions(change), fields),
        _last(change, (), ("planned_start", "planned_end")),
        _last(change, ("choose_implementers",), ()),
    )
    return frozenset(key for key in (*last, *(one.pk for one in question.askers(change))) if key is not None)


def _last(change: Any, actions: Iterable[str], fields: Iterable[str]) -> int | None:
    """Who did the last of ``actions``, or the last edit of ``fields``, by the timeline."""
    touched = Q(action__in=tuple(actions))
    for name in fields:
        touched |= Q(changes__contains=[{"field": name}])
    lines = change.timeline.filter(touched, actor__isnull=False).order_by("-at", "-pk")
    found: int | None = lines.values_list("actor_id", flat=True).first()
    return found


def is_approved(change: Any, user: User | None) -> Any:
    """An approval stands here, or that of its template (CHG-02); what was imported as scheduled has none."""
    if change.template_version_id is not None:
        return None
    approved = ApprovalRound.objects.filter(ticket=change.pk, purpose="change", outcome=Outcome.APPROVED)
    return None if approved.exists() else _("Nobody approved it here: cancel it and let a copy be approved.")


def went_as_planned(change: Any, user: User | None) -> Any:
    """A simple or standard change that went as planned, whatever its result says of it."""
    short = change.change_type_id in (SIMPLE, STANDARD) and change.result == Result.AS_PLANNED
    if short and not (_ended_late(change) or _had_trouble(change)):
        return None
    return _("Major, emergency, late and troubled changes need a full review.")


def _ended_late(change: Any) -> bool:
    return bool(change.actual_end and change.planned_end and change.actual_end > change.planned_end)


def _had_trouble(change: Any) -> bool:
    """A step went wrong, or an incident was attributed to it."""
    return step_gone_wrong(change) is not None or bool(incidents_caused(change))


def step_gone_wrong(change: Any) -> str | None:
    """The number of a step that failed or was backed out, whatever was reported of it later; None: none did."""
    wrong = change.steps.filter(status__in=("failed", "backed_out")).values_list("position", flat=True).first()
    if wrong is not None:
        return str(wrong)
    said = Q(action="back_out_step") | Q(action="report_step", data__status="failed")
    data = change.timeline.filter(said).order_by("pk").values_list("data", flat=True).first()
    return None if data is None else str(data["step"])


def incidents_caused(change: Any) -> list[int]:
    """Keys of the incidents that are attributed to it; of each the newest word counts."""
    newest = dict(change.incident_verdicts.order_by("at", "pk").values_list("incident_id", "caused"))
    return [key for key, caused in newest.items() if caused]


def takes_back(change: Any, incident: Any, user: User) -> Any:
    """Why ``user`` may not say that the change did not cause ``incident`` after all; None: they may.

    Who said that it did takes that back, or a change manager who did not carry it out: nobody clears their own work
    of what another has found (CHG-07).
    """
    verdicts = change.incident_verdicts.filter(incident=incident).order_by("at", "pk").values_list("caused", "by_id")
    standing: set[int] = set()
    for caused, by in verdicts:
        standing = standing | {by} if caused else set()
    own = same_person(user)
    if standing <= own or (user.may(Permission.CHANGE_MANAGE) and not own & carried_out_by(change)):
        return None
    return _(
        "Somebody else found that this change caused it: a change manager who did not carry it out takes that back."
    )


def owes_full_review(change: Any, user: User | None) -> Any:
    """It was confirmed with one tap, and an incident was attributed to it since (CHG-07)."""
    reviews = change.timeline.filter(action__in=REVIEWS).order_by("-at", "-pk").values_list("action", flat=True)
    if went_as_planned(change, user) is not None and reviews.first() == "confirm_result":
        return None
    return _("Nothing came to light since it was reviewed.")


def owes_no_review(change: Any, user: User | None) -> Any:
    """Nothing came to light since it was confirmed with one tap (CHG-07)."""
    if owes_full_review(change, user) is not None:
        return None
    return _("An incident was attributed to it since it was confirmed: a change manager reviews it in full first.")


def reviews_as_another(change: Any, user: User | None) -> Any:
    """A full review that is due is done by a change manager who did not carry it out (CHG-07)."""
    if user is None or went_as_planned(change, user) is None:
        return None
    if not user.may(Permission.CHANGE_MANAGE):
        return _("A full review is done by a change manager who did not carry it out.")
    if not same_person(user) & carried_out_by(change):
        return None
    if others_review(change, user):
        return _("You carried it out: another change manager reviews it.")
    return _(
        "You carried it out, and nobody else manages changes who did not: let an administrator give somebody the role"
        " of change manager, who reviews it then."
    )


def others_review(change: Any, user: User) -> bool:
    """Whether somebody but ``user`` manages changes who has not carried it out, by whatever account."""
    away = same_person(user) | accounts_of(User.objects.filter(pk__in=carried_out_by(change)))
    return User.objects.active().holding(Permission.CHANGE_MANAGE).exclude(pk__in=away).exists()


def carried_out_by(change: Any) -> frozenset[int]:
    """Keys of whoever carried it out: implementer, persons of its steps, and who reported the work."""
    said = change.timeline.filter(action__in=WORK, actor__isnull=False).values_list("actor_id", flat=True)
    steps = change.steps.values_list("person_id", "reported_by_id")
    keys = {change.assignee_id, *said, *(key for row in steps for key in row)}
    return frozenset(key for key in keys if key is not None)


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


def goes_on(change: Any, user: User | None) -> Any:
    """Nobody decided to stop it: after that it is backed out and nothing else."""
    return _("It was decided not to go on: back it out.") if change.decision == GoOrNot.NO_GO else None


def owes_notice(change: Any, user: User | None) -> Any:
    """It altered configuration items, and nobody has said so yet."""
    if written.owes_notice(change):
        return None
    if change.noticed_at is not None:
        return _("The notice was sent.")
    return _("It altered no configuration items whose managers are to be told.")


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
    """Whose items it altered was told, also of what was written since then (CHG-08)."""
    if written.owes_notice(change):
        return _("The configuration notice is not sent yet.")
    return None
