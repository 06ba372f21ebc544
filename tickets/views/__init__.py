"""Pages of tickets. Thin: each finds through ``visible_to``, calls one ``perform`` or query, answers."""

from tickets.views.actions import ActionView, CommentView
from tickets.views.detail import DetailView
from tickets.views.files import AttachmentView, PreviewView
from tickets.views.find import CallerView, FindItemsView, FindPeopleView
from tickets.views.lists import HomeView, PortalView, QueueView
from tickets.views.register import RegisterView

__all__ = [
    "ActionView",
    "AttachmentView",
    "CallerView",
    "CommentView",
    "DetailView",
    "FindItemsView",
    "FindPeopleView",
    "HomeView",
    "PortalView",
    "PreviewView",
    "QueueView",
    "RegisterView",
]
