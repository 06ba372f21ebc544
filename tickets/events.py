"""Timeline lines that an action on another ticket leaves on this one (``services.log_event``).

Each is a sentence with named placeholders, which the line's ``data`` fills.
"""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "linked": _("%(number)s was marked as “%(meaning)s” this ticket"),
    "task_over": _("task %(number)s “%(summary)s” is over: %(state)s"),
    "follows": _("continues %(number)s, which was not solved: %(reason)s"),
    "followed_up": _("goes on in %(number)s"),
    "imported": _("was %(state)s in the system it was imported from"),
}
