"""Pages of problems. Thin: each finds through ``visible_to``, calls one query or service, answers."""

from problems.views.find import FindIncidentsView
from problems.views.known_errors import KnownErrorsView, KnownErrorView

__all__ = ["FindIncidentsView", "KnownErrorView", "KnownErrorsView"]
