"""Pages of problems beside those that every ticket has."""

from django.urls import path, re_path

from problems import views
from problems.meeting.views import IncidentMeetingView

app_name = "problems"
urlpatterns = [
    path("find/incidents/", views.FindIncidentsView.as_view(), name="find_incidents"),
    path("find/problems/", views.FindProblemsView.as_view(), name="find_problems"),
    path("find/known-errors/", views.FindKnownErrorsView.as_view(), name="find_known_errors"),
    path("known-errors/", views.KnownErrorsView.as_view(), name="known_errors"),
    path("known-errors/glossary/", views.GlossaryView.as_view(), name="glossary"),
    path("known-errors/<str:number>/", views.KnownErrorView.as_view(), name="known_error"),
    path("problems/<str:number>/investigation/", views.InvestigationView.as_view(), name="investigation"),
    path("problems/<str:number>/record/", views.PrintView.as_view(), name="print"),
    path("problem-register/", views.RegisterTableView.as_view(), name="register_table"),
    path("incident-meeting/", IncidentMeetingView.as_view(), name="incident_meeting"),
    path("trends/", views.TrendsView.as_view(), name="trends"),
    re_path(r"^trends/(?P<pk>\d{1,9})/(?P<step>raise|watch|dismiss)/$", views.TrendView.as_view(), name="trend"),
]
