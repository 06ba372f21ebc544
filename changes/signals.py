"""What changes tell whoever listens above them, beside what actions tell."""

from django.dispatch import Signal

#: Sent inside the transaction with ``change``, ``stage`` (None: only the words changed), ``said`` (pairs of the part
#: of the customers and its words), ``notice`` (what is kept of it), ``now``: whoever announces, announces it.
affected_told = Signal()
#: Sent with ``change`` when its proof is packed. Who told people of it answers ``{file: lines}``: what, when, to whom.
proof_asked = Signal()
