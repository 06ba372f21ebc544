"""The addresses that notices lead to: all that engines need.

The portal's own list brings API, administration and sign-in along, whose libraries take 25 MiB in each process.
"""

from django.urls import include, path

urlpatterns = [
    path("", include("notifications.urls")),
    path("duty/", include("duty.urls")),
    path("", include("sla.urls")),
    path("", include("tickets.urls")),
]
