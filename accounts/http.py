"""Pages for signed-in people."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request whose person is known."""

    user: User


class SignedInView(LoginRequiredMixin, View):
    """Base of all pages: sends everybody else to the sign-in page and back.

    ``goes_on_here``: GET shows the form again whose POST came without a session; else one goes back to the page on
    which the form stood.
    """

    request: SignedInRequest
    goes_on_here: ClassVar[bool] = False

    def handle_no_permission(self) -> HttpResponseBase:  # type: ignore[override]
        """Sign in, then go on at a page: never at an address that only takes POST, or answers with a fragment."""
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        return redirect_to_login(self._way_back())

    def _way_back(self) -> str:
        request = self.request
        here = request.get_full_path()
        if request.method in ("GET", "HEAD"):
            return page_of(request, "HX-Current-URL") or here if is_htmx(request) else here
        return here if self.goes_on_here else page_of(request, "HX-Current-URL") or page_of(request, "Referer") or "/"


def page_of(request: HttpRequest, header: str) -> str:
    """The page of this site that ``header`` names, without its host; empty for any other."""
    url = request.headers.get(header, "")
    if not url_has_allowed_host_and_scheme(url, {request.get_host()}):
        return ""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def is_htmx(request: HttpRequest) -> bool:
    """Whether a part of a page asks, not a whole page."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
