"""Addresses of pages of time."""

from django.urls import path

from sla import views

app_name = "sla"

urlpatterns = [
    path("timer-health/", views.TimerHealthView.as_view(), name="health"),
    path("tickets/<str:number>/counted/", views.CountedView.as_view(), name="counted"),
]
