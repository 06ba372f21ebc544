"""Pages for signed-in people."""

from __future__ import annotations

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest
from django.views import View

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request whose person is known."""

    user: User


class SignedInView(LoginRequiredMixin, View):
    """Base of all pages: sends everybody else to the sign-in page and back."""

    request: SignedInRequest
