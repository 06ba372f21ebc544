"""Lines that approvals leave in the timeline."""

from django.utils.translation import gettext_lazy as _

from tickets.events import EVENTS

EVENTS.update(
    {
        "approval_asked": _("asked for approval (%(policy)s), round %(round)s"),
        "approval_decided_approve": _("approved, step %(step)s of round %(round)s%(person)s: %(reason)s"),
        "approval_decided_return": _("returned it with a condition, step %(step)s%(person)s: %(reason)s"),
        "approval_decided_refuse": _("refused it, step %(step)s%(person)s: %(reason)s"),
        "approval_complete": _("round %(round)s is approved"),
        "approval_fell": _("approvals of round %(round)s fell, the content changed: %(what)s"),
        "approval_withdrawn": _("round %(round)s was withdrawn: %(reason)s"),
        "approval_overdue": _("step %(step)s of round %(round)s is overdue: substitutes were asked"),
    }
)
