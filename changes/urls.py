"""Pages of changes."""

from django.urls import path

from changes import views

app_name = "changes"
urlpatterns = [
    path("calendar/", views.CalendarView.as_view(), name="calendar"),
    path("catalogue/", views.CatalogueView.as_view(), name="catalogue"),
    path("catalogue/<slug:code>/", views.OrderView.as_view(), name="order"),
]
