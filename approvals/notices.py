"""What people are told about approvals: asked, reminded, settled, fallen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.models import ApprovalRound
from notifications.events import Channel, Event, register_event
from notifications.reactions import BY_SERVICES, URGENT_RANK
from notifications.services import give_notice
from notifications.texts import named

MAIL = (Channel.EMAIL.value,)

register_event(
    Event(
        code="approval_asked",
        label=_("You are asked to decide"),
        subject=_("[{priority}] Please decide: {number} {summary}"),
        body=_("{actor} asks you to decide: {text}\n\nRead and decide, signed in:\n{link}"),
        icon="gavel",
        urgent_channels=(Channel.EMAIL.value, Channel.SMS.value),
    ),
    Event(
        code="approval_reminder",
        label=_("A decision still waits for you"),
        subject=_("[{priority}] Still to decide: {number} {summary}"),
        body=_("Your decision is waited for. Read and decide, signed in:\n{link}"),
        icon="gavel",
        urgent_channels=(Channel.EMAIL.value, Channel.SMS.value),
    ),
    Event(
        code="approval_overdue",
        label=_("A decision is overdue"),
        subject=_("[{priority}] Decision overdue: {number} {summary}"),
        body=_("Substitutes are asked too. Time approves nothing.\n{link}"),
        icon="clock-exclamation",
    ),
    Event(
        code="approval_has_nobody",
        label=_("Nobody is left who may decide"),
        subject=_("[{priority}] Nobody may decide: {number} {summary}"),
        body=_(
            "{text}: everybody who is meant asks for it, wrote it, carries it out, or has decided. "
            "Name somebody else in the policy, or give the role to somebody.\n{link}"
        ),
        icon="alert-triangle",
        urgent_channels=(Channel.EMAIL.value, Channel.SMS.value),
    ),
    Event(
        code="approval_settled",
        label=_("A decision that you were asked for is made"),
        subject=_("Decided by {actor}: {number} {summary}"),
        body="{text}",
        icon="gavel",
        channels=(),
        urgent_channels=(),
        presses=False,
    ),
    Event(
        code="approval_ended",
        label=_("An approval has ended"),
        subject=_("{actor}: {number} {summary} · {state}"),
        body=_("{text}\n\n{link}"),
        icon="gavel",
        urgent_channels=MAIL,
        presses=False,
    ),
    Event(
        code="approval_fell",
        label=_("Approvals fell because the content changed"),
        subject=_("Approval void, content changed: {number} {summary}"),
        body=_("{actor} changed what was approved:\n{text}\n\n{link}"),
        icon="alert-triangle",
        urgent_channels=MAIL,
        presses=False,
    ),
)

BY_SERVICES.update({"approval_asked", "approval_ended", "approval_fell"})


def tell(
    what: str,
    made: ApprovalRound,
    readers: Iterable[int],
    *,
    now: datetime,
    user: User | None = None,
    text: Any = "",
    key: str = "",
) -> None:
    """Tell ``readers`` (keys) but not ``user``, who did it, in the transaction of what happened.

    ``what``: the code of an event; ``text``: plain or {zh, en}; ``key`` keeps two deciders from telling twice.
    """
    found = [reader for reader in readers if user is None or reader != user.pk]
    if not found:
        return
    ticket = made.ticket
    actor = {"actor": named(user)} if user else {}
    give_notice(
        key=f"{what}:{made.pk}:{key or _turn(made)}",
        event=what,
        ticket=ticket,
        recipients=found,
        urgent=ticket.priority_rank <= URGENT_RANK or made.urgent,
        at=now,
        payload={**actor, "text": text, "path": reverse("approvals:detail", args=[made.pk])},
        rooms=False,
        internal=True,
    )


def _turn(made: ApprovalRound) -> str:
    """The step that is open, so that each step tells its own people."""
    return str(made.steps.filter(outcome="open").values_list("position", flat=True).first() or "end")
