"""What accounts say to the rest of the portal."""

from django.dispatch import Signal

#: Sent with ``user`` and ``now`` when somebody was switched off, in the transaction that does it. Receivers hand on
#: what the person holds and return how people read it, one text each.
switched_off = Signal()
