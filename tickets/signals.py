"""The only signal of the domain."""

from django.dispatch import Signal

#: Sent inside the transaction after an action is done, with ``ticket``, ``entry`` (the timeline entry),
#: ``action``, ``user`` (None for the portal itself), ``now``. Receivers may write rows; they never call
#: out, and an error in one undoes the action. Lets tickets ignore who listens: clocks, notices.
action_performed = Signal()
