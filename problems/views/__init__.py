"""Pages of problems. Thin: each finds through ``visible_to``, calls one query or service, answers."""

from problems.views.find import FindIncidentsView, FindKnownErrorsView, FindProblemsView
from problems.views.investigation import InvestigationView, PrintView
from problems.views.known_errors import GlossaryView, KnownErrorsView, KnownErrorView
from problems.views.register import RegisterTableView
from problems.views.trends import TrendsView, TrendView

__all__ = [
    "FindIncidentsView",
    "FindKnownErrorsView",
    "FindProblemsView",
    "GlossaryView",
    "InvestigationView",
    "KnownErrorView",
    "KnownErrorsView",
    "PrintView",
    "RegisterTableView",
    "TrendView",
    "TrendsView",
]
