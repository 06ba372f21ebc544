"""What approvals tell whoever listens; notices are above this app."""

from django.dispatch import Signal

#: Sent inside the transaction with ``what`` (a code of ``approvals.telling.EVENTS``), ``round``, ``readers`` (keys of
#: people), ``user``, ``text``, ``key`` (what makes it once) and ``now``.
approval_news = Signal()
