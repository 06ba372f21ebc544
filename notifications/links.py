"""Links with which a requester answers without signing in (INC-08, INC-10).

The text of a link is made from a random value in the database and the portal's key: neither alone gives it away, and
the same mail can be written again for another try. After a restore links of before open nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.access.epochs import current_epoch
from accounts.models import User
from notifications.models import AnswerLink
from tickets.models import Ticket

LIFETIME = timedelta(days=14)
#: Nobody answers a call of the day before yesterday.
CALL_LIFETIME = timedelta(days=2)
#: The event whose mail asks whether the reader comes.
CALL_EVENT = "called_in"
#: The event whose mail asks how it was.
RATE_EVENT = "rate_asked"
#: The event whose mail has the link for a new password.
PASSWORD_EVENT = "password_link"  # noqa: S105 - the name of an event
SALT = "notifications.links"


def address_for(
    *, user: User, ticket: Ticket, now: datetime, call: int | None = None, purpose: str = AnswerLink.Purpose.SOLVED
) -> str:
    """The address at which ``user`` answers about ``ticket`` as it stands. Idempotent for a version of the ticket.

    With ``call``, the key of a notice: the address at which the person answers whether they come, once for each.
    """
    return address_of(text_of(link_for(user=user, ticket=ticket, now=now, call=call, purpose=purpose)))


def link_for(
    *, user: User, ticket: Ticket, now: datetime, call: int | None = None, purpose: str = AnswerLink.Purpose.SOLVED
) -> AnswerLink:
    """The link behind ``address_for``."""
    kept = LIFETIME if call is None else CALL_LIFETIME
    link, _made = AnswerLink.objects.get_or_create(
        ticket_id=ticket.pk,
        user=user,
        version=ticket.version if call is None else call,
        purpose=purpose if call is None else AnswerLink.Purpose.CALL,
        defaults={"nonce": secrets.token_urlsafe(32), "created_at": now, "expires_at": now + kept},
    )
    return link


def address_of(text: str) -> str:
    """The address of the link that ``text`` names."""
    return f"{settings.SITE_URL}{reverse('notifications:answer', args=[text])}"


class Marks:
    """Stands for links in messages that are stored: the text of a link opens something and is never kept.

    A mark is random and made after everything else of the message was typed, so nobody can have typed it.
    """

    def __init__(self) -> None:
        self.links: dict[str, int] = {}
        self.passwords: list[str] = []

    def password(self) -> str:
        """What is stored in the place of the reader's link for a new password."""
        self.passwords.append(f"{settings.SITE_URL}/mark-{secrets.token_urlsafe(18)}/")
        return self.passwords[-1]

    def address(self, link: AnswerLink) -> str:
        """The address that is stored in the place of ``link``'s."""
        mark = f"mark-{secrets.token_urlsafe(18)}"
        self.links[mark] = link.pk
        return address_of(mark)


def with_links(text: str, marks: Mapping[str, int]) -> str:
    """``text`` as it is sent: with the links in the place of their ``marks``. One query when there are any."""
    links = AnswerLink.objects.in_bulk(marks.values()) if marks else {}
    for mark, pk in marks.items():
        if pk in links:
            text = text.replace(mark, text_of(links[pk]))
    return text


def text_of(link: AnswerLink) -> str:
    """What stands in the address."""
    return f"{link.pk}.{_code(link)}"


def _code(link: AnswerLink) -> str:
    signed = f"{link.pk}:{link.nonce}:{current_epoch()}"
    return salted_hmac(SALT, signed, algorithm="sha256").hexdigest()[:43]


def find_link(text: str, now: datetime) -> AnswerLink | None:
    """The link that ``text`` names, unused and not expired; else None, whatever the reason."""
    key, _dot, code = text.partition(".")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    link = AnswerLink.objects.select_related("user", "ticket").filter(pk=int(key)).first()
    if link is None or not constant_time_compare(_code(link), code):
        return None
    return link if link.used_at is None and now < link.expires_at and link.user.is_active else None


def use_up(link: AnswerLink, now: datetime) -> bool:
    """Mark ``link`` as used; False when somebody else just did."""
    return bool(AnswerLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now))
