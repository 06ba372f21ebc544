"""Pages around queues: filters, looks, kept views, many tickets at once, taking steps back."""

from django.urls import path

from tickets.views.bulk import BulkView, UndoView
from tickets.views.queue_tools import FiltersView, NewViewView, SavedViewView, SettingsView, ViewsView

urlpatterns = [
    path("queue/filters/", FiltersView.as_view(), name="filters"),
    path("queue/settings/", SettingsView.as_view(), name="queue_settings"),
    path("views/", ViewsView.as_view(), name="views"),
    path("views/new/", NewViewView.as_view(), name="new_view"),
    path("views/<int:pk>/", SavedViewView.as_view(), name="saved_view"),
    path("tickets/bulk/", BulkView.as_view(), name="bulk"),
    path("tickets/undo/", UndoView.as_view(), name="undo"),
]
