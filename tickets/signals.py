"""The signals of the domain."""

from django.dispatch import Signal

#: Sent inside the transaction when an action is logged and its ticket not stored yet, with the same arguments as the
#: next one. Receivers set the ticket's columns that follow from the step, such as planned times, and may write rows of
#: their own; one UPDATE stores all. They look at ``ticket``, for its row is as it was before the step.
#: Of a new ticket: after its effect, unless that has moved it on by another action.
action_logged = Signal()
#: Sent inside the transaction after an action is done, with ``ticket``, ``entry`` (the timeline entry),
#: ``action``, ``user`` (None for the portal itself), ``now``. Receivers may write rows; they never call
#: out, and an error in one undoes the action. Lets tickets ignore who listens: clocks, notices.
action_performed = Signal()

#: The month before is over and its report is due. Sent inside the transaction with ``kind``, ``month`` (its code),
#: ``readers`` (keys of people), ``text`` by language, ``path`` of its page, ``now``.
month_over = Signal()
#: Sent with ``kind`` before. Who tells of months answers the code of the newest one that was told, or an empty text.
months_told = Signal()
