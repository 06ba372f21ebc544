"""Timeline lines that an action on another ticket leaves on this one (``services.log_event``).

Each is a sentence with named placeholders, which the line's ``data`` fills.
"""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "linked": _("%(number)s was marked as “%(meaning)s” this ticket"),
    "caused": _("is caused by the problem %(number)s"),
    "causes_written": _("wrote the tree of causes: %(count)s causes"),
    "note_written": _("wrote a part of the investigation"),
    "evidence_written": _("added evidence to the investigation"),
    "hypothesis_written": _("added a hypothesis to the investigation"),
    "hypothesis_judged": _("judged a hypothesis"),
    "team_left": _("%(person)s was switched off and left the analysis team"),
    "task_over": _("task %(number)s “%(summary)s” is over: %(state)s"),
    "taken_back": _("took back: %(step)s"),
    "follows": _("continues %(number)s, which was not solved: %(reason)s"),
    "followed_up": _("goes on in %(number)s"),
    "clock_warn_dispatch": _("%(percent)s %% of the time to dispatch is used"),
    "clock_limit_dispatch": _("the limit to dispatch has passed"),
    "clock_notice_dispatch": _("not dispatched %(minutes)s minutes after registration; those concerned were notified"),
    "clock_warn_response": _("%(percent)s %% of the time to respond is used"),
    "clock_warn_on_site": _("%(percent)s %% of the time to be on site is used"),
    "clock_warn_resolve": _("%(percent)s %% of the time to resolve is used"),
    "clock_warn_update": _("%(percent)s %% of the time to the next status update is used"),
    "clock_limit_response": _("the limit to respond has passed"),
    "clock_limit_on_site": _("the limit to be on site has passed"),
    "clock_limit_resolve": _("the limit to resolve has passed"),
    "clock_limit_update": _("the limit for the next status update has passed"),
    "clock_warn_cause": _("%(percent)s %% of the time to find the root cause is used"),
    "clock_limit_cause": _("the limit to find the root cause has passed"),
    "clock_warn_record": _("%(percent)s %% of the time to complete the record is used"),
    "clock_limit_record": _("the limit to complete the record has passed"),
    "clock_warn_notice": _("%(percent)s %% of the time to send the configuration notice is used"),
    "clock_limit_notice": _("the limit to send the configuration notice has passed"),
    "clock_warn_order": _("%(percent)s %% of the time to update the configuration items is used"),
    "clock_limit_order": _("the limit to update the configuration items has passed"),
    "clock_notice_response": _("not responded to after %(minutes)s minutes; those concerned were notified"),
    "clock_notice_resolve": _("not resolved after %(minutes)s minutes; those concerned were notified"),
    "closing_reminded": _("the requester was asked once more whether it is solved; else it closes by itself"),
    "agreed_near": _("the agreed time comes near"),
    "agreed_over": _("the agreed time has come"),
    "called_for_group": _("%(person)s has the duty of %(group)s and was called"),
    "imported": _("was %(state)s in the system it was imported from"),
}
