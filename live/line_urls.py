"""The addresses that lines and counts are drawn with: all that the live process needs."""

from django.urls import include, path

urlpatterns = [path("", include("tickets.urls")), path("", include("notifications.urls"))]
