"""Pages of tickets. Thin: each finds through ``visible_to``, calls one ``perform`` or query, answers."""

from tickets.views.actions import ActionView, CommentView
from tickets.views.colleagues import FindColleaguesView
from tickets.views.detail import AroundView, DetailView
from tickets.views.files import AttachmentView, FileKindsView, PreviewView
from tickets.views.find import (
    CallerView,
    FindItemsView,
    FindMembersView,
    FindPeopleView,
    HintsView,
    NewCallerView,
)
from tickets.views.lists import HomeView, QueueView
from tickets.views.my import MyView
from tickets.views.portal import PortalFindView, PortalView, ThanksView
from tickets.views.register import RegisterView
from tickets.views.search import PaletteView, SearchView

__all__ = [
    "ActionView",
    "AroundView",
    "AttachmentView",
    "CallerView",
    "CommentView",
    "DetailView",
    "FileKindsView",
    "FindColleaguesView",
    "FindItemsView",
    "FindMembersView",
    "FindPeopleView",
    "HintsView",
    "HomeView",
    "MyView",
    "NewCallerView",
    "PaletteView",
    "PortalFindView",
    "PortalView",
    "PreviewView",
    "QueueView",
    "RegisterView",
    "SearchView",
    "ThanksView",
]
