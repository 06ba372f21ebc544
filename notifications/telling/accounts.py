"""Mails about the reader's own account: the link for a new password, by the outbox like everything else (ORG-06)."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.signals import new_password_asked
from notifications.events import Channel, Event, register_event
from notifications.links import PASSWORD_EVENT
from notifications.services import give_notice
from tickets import clock

register_event(
    Event(
        code=PASSWORD_EVENT,
        label=_("The link for a new password"),
        subject=_("Set a new password"),
        body=_(
            "Somebody, probably you, asked for a new password of the account {summary}. Set it here:\n{confirm}\n\n"
            "If it was not you, nothing has to be done: the old password stays."
        ),
        icon="key",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
        asks=True,
        personal=True,
    )
)


@receiver(new_password_asked)
def tell_new_password(sender: Any, user: User, **context: Any) -> None:
    """Store that ``user`` asked. The link is made when the mail is written, so that it lies in no table."""
    now = clock.now()
    without = (Channel.PORTAL.value, Channel.SMS.value)
    give_notice(
        key=f"{PASSWORD_EVENT}:{user.pk}:{uuid.uuid4()}",
        event=PASSWORD_EVENT,
        ticket=None,
        recipients=[user],
        urgent=True,
        at=now,
        payload={"summary": user.username},
        rooms=False,
        without=without,
    )


def password_address(user: User) -> str:
    """The address at which ``user`` sets a new password, at the configured host; it holds until one is set."""
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": token})
    return f"{settings.SITE_URL}{path}"
