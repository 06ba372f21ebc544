"""The addresses that notices lead to: all that engines need.

The portal's own list brings API, administration and sign-in along, whose libraries take 25 MiB in each process.
"""

from django.urls import include, path, re_path
from django.views.generic import RedirectView

urlpatterns = [
    # Only its address is written here; the page itself belongs to the sign-in.
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        RedirectView.as_view(pattern_name="account_login"),
        name="account_reset_password_from_key",
    ),
    path("", include("notifications.urls")),
    path("duty/", include("duty.urls")),
    path("approvals/", include("approvals.urls")),
    path("items/", include("cmdb.urls")),
    path("changes/", include("changes.urls")),
    path("", include("sla.urls")),
    path("", include("problems.urls")),
    path("", include("tickets.urls")),
    path("", include("reports.urls")),
]
