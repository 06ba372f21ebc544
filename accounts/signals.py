"""What happens to accounts and concerns those above, which accounts do not know."""

from django.dispatch import Signal

#: Sent with ``user``, who forgot the password and wants the link for a new one.
new_password_asked = Signal()
#: Sent with ``user`` and ``now``: receivers return what the person holds, a list of ``accounts.leaving.Held``.
held_by = Signal()
#: Sent with ``user``, who was switched off, ``by`` and ``now``, in the transaction that does it. Receivers hand on
#: what the person holds and return it with whoever has it now, a list of ``accounts.leaving.Held``.
switched_off = Signal()
