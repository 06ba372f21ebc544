"""What changes tell whoever listens, beside what actions tell; notices are above this app."""

from django.dispatch import Signal

#: Sent inside the transaction with ``what`` (code of an event), ``change``, ``readers`` (keys of people), ``managers``
#: (whether those who manage changes are told too), ``text`` (plain, or by language), ``key`` (once for each), ``now``.
change_news = Signal()

#: Of the change advisory board. Sent inside the transaction with ``what`` (code of an event), ``meeting``, ``readers``
#: (keys of people), ``text`` by language, ``now``.
cab_news = Signal()
