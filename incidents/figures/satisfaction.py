"""What requesters said of the result: who could, who did, who did not count (RPT-01)."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.figures.records import incident_set, is_closed, is_timed
from tickets.figures.records import Span

_ANSWERED = Q(satisfaction__isnull=False)


def _asked(span: Span) -> Q:
    return is_closed(span) & is_timed() & Q(requester__isnull=False)


ASKED = incident_set(
    "asked",
    _("Closed, could be rated"),
    _("Closed in the period for a requester who could say what they think of the result."),
    "closed_at",
    _asked,
)
RATED = incident_set(
    "rated",
    _("Rated"),
    _("Closed in the period, and the requester answered."),
    "closed_at",
    lambda span: _asked(span) & _ANSWERED,
)
RATED_GOOD = incident_set(
    "rated_good",
    _("Rated without complaint"),
    _("Closed in the period; the answer was anything but “needs improvement”."),
    "closed_at",
    lambda span: _asked(span) & _ANSWERED & ~Q(satisfaction="improve"),
)
RATED_UNASKED = incident_set(
    "rated_unasked",
    _("Rated, with nothing to solve"),
    _("Closed in the period and rated, but ended as rejected, false alarm or duplicate, or without a requester."),
    "closed_at",
    lambda span: is_closed(span) & _ANSWERED & (~is_timed() | Q(requester=None)),
)
WITHOUT_REQUESTER = incident_set(
    "closed_without_requester",
    _("Without a requester"),
    _("Closed in the period, and there is nobody who could say what they think of the result."),
    "closed_at",
    lambda span: is_closed(span) & is_timed() & Q(requester=None),
)
