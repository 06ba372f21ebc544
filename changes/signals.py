"""What changes tell whoever listens, beside what actions tell; notices are above this app."""

from django.dispatch import Signal

#: Sent inside the transaction with ``change``, ``stage`` (None: only the words changed), ``said`` (pairs of the part
#: of the customers and its words), ``notice`` (what is kept of it), ``now``: whoever announces, announces it.
affected_told = Signal()
#: Sent inside the transaction with ``what`` (code of an event), ``change``, ``readers`` (keys of people), ``managers``
#: and ``desk`` (whether those who manage changes, or answer calls, are told too), ``text`` (plain, or by language),
#: ``key`` (once for each), ``now``.
change_news = Signal()

#: Of the change advisory board. Sent inside the transaction with ``what`` (code of an event), ``meeting``, ``readers``
#: (keys of people), ``text`` by language, ``now``.
cab_news = Signal()
#: A date of a recurring change was dealt with. Sent inside the transaction with ``recurrence``, ``begins_at``,
#: ``change`` (None: none was raised), ``readers`` (keys of people), ``text`` by language, ``now``.
recurrence_news = Signal()
#: Sent with ``change`` when its proof is packed. Who told people of it answers ``{file: lines}``: what, when, to whom.
proof_asked = Signal()
