"""What happens to accounts and concerns those above, which accounts do not know."""

from django.dispatch import Signal

#: Sent with ``user``, who forgot the password and wants the link for a new one.
new_password_asked = Signal()
#: Sent with ``user``, who was switched off, in the transaction that does it. Receivers hand on what the person holds
#: and return how people read it, one text each.
switched_off = Signal()
