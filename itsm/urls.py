"""Addresses of the portal. Every app brings its own; the root belongs to the tickets."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views import SignInView
from itsm import health
from itsm.web.admin_texts import AdminTexts
from sla.views import engine_health, metrics

handler500 = "itsm.web.outage.server_error"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents it

urlpatterns = [
    path("healthz/live", health.live, name="healthz-live"),
    path("healthz/ready", health.ready, name="healthz-ready"),
    path("healthz/engine", engine_health, name="healthz-engine"),
    path("metrics", metrics, name="healthz-metrics"),
    path("csp-report/", health.csp_report, name="csp-report"),
    path("accounts/login/", SignInView.as_view(), name="account_login"),
    path("accounts/email/", RedirectView.as_view(pattern_name="accounts:profile")),  # one address, on the profile
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/jsi18n/", AdminTexts.as_view()),
    path("admin/", admin.site.urls),
    path("api/", include("itsm.api_urls")),
    path("announcements/", include("announcements.urls")),
    path("approvals/", include("approvals.urls")),
    path("changes/", include("changes.urls")),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("duty/", include("duty.urls")),
    path("items/", include("cmdb.urls")),
    path("", include("exporting.urls")),
    path("", include("drafts.urls")),
    path("", include("replies.urls")),
    path("", include("live.urls")),
    path("", include("sla.urls")),
    path("", include("problems.urls")),
    path("", include("incidents.urls")),
    path("", include("tickets.urls")),
    path("", include("reports.urls")),  # after the tickets, which bring the kinds of addresses
]
