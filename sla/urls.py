"""Addresses of pages of time."""

from django.urls import path

from sla import board_views, views, woken_views
from sla.calendars import views as calendar_views
from sla.promises import views as policy_views

app_name = "sla"

urlpatterns = [
    path("find/woken/", woken_views.WokenView.as_view(), name="woken"),
    path("timer-health/", views.TimerHealthView.as_view(), name="health"),
    path("escalations/", board_views.BoardView.as_view(), name="board"),
    path("calendars/", calendar_views.CalendarsView.as_view(), name="calendars"),
    path("calendars/<str:code>/", calendar_views.CalendarView.as_view(), name="calendar"),
    path("policies/", policy_views.PoliciesView.as_view(), name="policies"),
    path("policies/<str:code>/", policy_views.PolicyView.as_view(), name="policy"),
    path("what-if/<int:pk>/", policy_views.TrialView.as_view(), name="trial"),
    path("what-if/<int:pk>/tickets/", policy_views.TrialTicketsView.as_view(), name="trial_tickets"),
    path("tickets/<str:number>/counted/", views.CountedView.as_view(), name="counted"),
]
