"""How long incidents stand in each state, as the process page draws it: figures with records of their own (RPT-05)."""

from __future__ import annotations

from typing import Any

from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from incidents.figures.complaints import BY_DATE
from incidents.figures.records import incident_set
from incidents.states import States
from tickets.figures.measures import Measure, Reading, register_measures
from tickets.figures.moves import stays, stays_in, went
from tickets.figures.records import PLACED_BY, Records, Span


def _length() -> Any:
    return ExpressionWrapper(F("until") - F("at"), output_field=DurationField())


def _set(code: str, label: Any, meaning: Any, where: Any) -> Records:
    registered = lambda span: span.within("created_at") & where(span)  # noqa: E731 - one condition before another
    return incident_set(code, label, meaning, "", registered, placed=PLACED_BY["created_at"], internal=True)


def _stayed_in(state: str, span: Span) -> Q:
    return Q(Exists(stays(state, span.at).filter(ticket=OuterRef("pk"))))


def stay(state: States) -> Measure:
    """The figure of one state."""
    code, name = state.value, state.label

    def read(tickets: QuerySet[Any], span: Span) -> QuerySet[Any]:
        return stays_in(code, tickets, span.at)

    return Measure(
        code=f"stay_{code}",
        kind="incident",
        label=format_lazy(_("Time in the state “{state}”"), state=name),
        meaning=_(
            "The median length of the stays in this state, on the wall, of incidents registered in the period; a "
            "ticket that comes again stays again. Stays are followed until the moment of counting."
        ),
        numerator=_set(
            f"stayed_in_{code}",
            format_lazy(_("Stayed in “{state}”"), state=name),
            _("Registered in the period, and a stay in this state was over by the moment of counting."),
            lambda span: _stayed_in(code, span),
        ),
        left_out=(
            _set(
                f"still_in_{code}",
                format_lazy(_("Still in “{state}”"), state=name),
                _("Registered in the period, and in this state at the moment of counting: that stay has no length."),
                lambda span: went(f"stands-{code}", span.at),
            ),
            BY_DATE["created_at"],
        ),
        version=2,
        amount=_length,
        read=read,
        reading=Reading.MEDIAN,
        internal=True,
        on_demand=True,
        sheet="process",
    )


def register() -> None:
    """Make them known; called once when the portal starts. What is closed stays so."""
    register_measures(*(stay(state) for state in States if state != States.CLOSED))
