"""What problems tell whoever listens, beside what actions tell; notices are above this app."""

from django.dispatch import Signal

#: People of a customer are asked to talk about a workaround or solution (PRB-10). Sent inside the transaction with
#: ``key`` (told once), ``readers`` (their keys), ``summary`` (the topic), ``text`` by language, ``now``.
customer_invited = Signal()
