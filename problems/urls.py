"""Pages of problems beside those that every ticket has."""

from django.urls import path

from problems import views

app_name = "problems"
urlpatterns = [
    path("find/incidents/", views.FindIncidentsView.as_view(), name="find_incidents"),
    path("known-errors/", views.KnownErrorsView.as_view(), name="known_errors"),
    path("known-errors/<str:number>/", views.KnownErrorView.as_view(), name="known_error"),
]
