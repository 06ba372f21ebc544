"""Pages of notices."""

from notifications.views.answers import AnswerView
from notifications.views.bell import (
    AcknowledgeView,
    LatestView,
    ListView,
    OfTicketView,
    OpenView,
    PressingView,
    ReadView,
)
from notifications.views.choices import ChoicesView
from notifications.views.operating import ReceiptsView, UndeliveredStepView, UndeliveredView
from notifications.views.templates import TemplatePreviewView, TemplatesView, TemplateView

__all__ = [
    "AcknowledgeView",
    "AnswerView",
    "ChoicesView",
    "LatestView",
    "ListView",
    "OfTicketView",
    "OpenView",
    "PressingView",
    "ReadView",
    "ReceiptsView",
    "TemplatePreviewView",
    "TemplateView",
    "TemplatesView",
    "UndeliveredStepView",
    "UndeliveredView",
]
