"""What happens to rosters and concerns somebody who did not do it."""

from django.dispatch import Signal

#: Sent inside the transaction with ``roster``, ``step`` (proposed, accepted, declined, withdrawn, made), ``people``
#: (who is to know), ``by``, ``first`` and ``second`` (when the turns begin), ``note``, ``key`` (the same thing is told
#: once), ``now``.
#: Rosters lie below tickets and notices and know neither.
swap_moved = Signal()

#: Sent inside the transaction when days of duty went to somebody else: ``roster``, ``people`` (who gained or
#: lost them), ``by``, ``span`` (first and last moment that changed), ``note``, ``now``.
duty_moved = Signal()
