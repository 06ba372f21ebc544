"""Mails that libraries send, such as the link for a new password: written by the same function as notices."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone, translation

from notifications.channels import headers, mail
from notifications.channels.outgoing import SENT, Outgoing


class MailError(OSError):
    """The mail server did not take the mail."""


class EmailBackend(BaseEmailBackend):
    """Django's mails as the portal's own: only their recipients, subject and plain text are used."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send each mail to each of its recipients. Raises MailError unless failures are to be silent."""
        results = [mail.send(one) for message in email_messages for one in as_outgoing(message)]
        failed = [result for result in results if result.kind != SENT]
        if failed and not self.fail_silently:
            raise MailError(failed[0].detail)
        return len(results) - len(failed)


def as_outgoing(message: EmailMessage) -> list[Outgoing]:
    """A mail for each of ``message``'s recipients, who do not learn of each other."""
    rendered = {
        "subject": headers.tidy(str(message.subject)),
        "text": str(message.body),
        "date": format_datetime(timezone.now()),
        "language": translation.get_language() or settings.LANGUAGE_CODE,
    }
    return [
        Outgoing(key=str(key), channel="email", to=to, message_id=mail.message_id(f"mail-{key}"), rendered=rendered)
        for to in message.recipients()
        for key in [uuid4()]
    ]
