"""The addresses that lines and counts are drawn with: all that the live process needs."""

from django.urls import include, path

urlpatterns = [
    path("approvals/", include("approvals.urls")),
    path("", include("tickets.urls")),
    path("", include("notifications.urls")),
]
