"""Lines that changes leave in the timelines of other tickets."""

from django.utils.translation import gettext_lazy as _

from tickets.events import EVENTS

EVENTS.update(
    {
        "change_raised": _("change %(number)s was requested because of this"),
        "change_ended": _("change %(number)s has ended: %(result)s. Please confirm whether it helped."),
        "change_caused": _("found that %(number)s caused this"),
        "change_caused_not": _("found that %(number)s did not cause this"),
        "change_helped": _("found that it helped %(number)s"),
        "change_helped_not": _("found that it did not help %(number)s"),
        "freeze_stands": _("stands in a freeze window now: %(freezes)s"),
        "freeze_gone": _("does not stand in a freeze window any more: %(freezes)s"),
        "step_handed_on": _("step %(step)s was handed on, its person was switched off: %(to)s"),
        "step_has_nobody": _("step %(step)s has nobody: its person was switched off. Another lets the approval fall."),
        "cab_held": _("the board dealt with it in “%(meeting)s”: %(outcome)s"),
        "collisions_signed": _("signed that it goes on in spite of: %(what)s"),
        "collision_found": _("%(number)s was planned so that both collide hard"),
        "collision_arose": _("collides hard since configuration items or relations were altered: %(what)s"),
        "affected_planned": _("those affected were told of content and time: %(organisations)s"),
        "affected_moved": _("those affected were told of another time: %(organisations)s"),
        "affected_soon": _("those affected were told that it starts soon: %(organisations)s"),
        "affected_delayed": _("those affected were told that it takes longer: %(organisations)s"),
        "affected_done": _("those affected were told that it has ended: %(organisations)s"),
        "affected_backed_out": _("those affected were told that it was taken back: %(organisations)s"),
        "affected_off": _("those affected were told that it does not take place: %(organisations)s"),
        "change_recurred": _("was raised by the recurring change “%(title)s”"),
        "change_copied": _("was copied from %(number)s, without its approvals"),
    }
)
