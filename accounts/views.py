"""The signed-in person's own pages: profile, language, theme, API tokens."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View
from django.views.csrf import csrf_failure
from django.views.i18n import set_language

from accounts.access.tokens import create_token, revoke_token
from accounts.forms import ProfileForm, TokenForm
from accounts.http import SignedInRequest, SignedInView
from accounts.models import ApiToken, User
from accounts.permissions import Permission
from itsm.demo_accounts import DEMO_ACCOUNTS


class SignInView(LoginView):
    """Signing in; a demo shows its accounts.

    Only whole pages are led here. A part of a page that asks in the background, and whose session is over, gets no
    form: nobody would see it, and its token would take the place of that of the form which somebody is filling in.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; 403 for what a browser fetches without showing it as a page."""
        if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            return HttpResponse(status=HTTPStatus.FORBIDDEN)
        answer: HttpResponse = super().get(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the demo's accounts. Outside demo mode there are none with a known password."""
        return super().get_context_data(demo_accounts=demo_accounts() if settings.DEMO else [], **kwargs)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form without the browser's token; the sign-in, which may have been open for days, asks once more."""
    if request.path != resolve_url(settings.LOGIN_URL):
        return csrf_failure(request, reason)
    messages.info(request, _("The sign-in page was open for too long. Please sign in again; cookies must be allowed."))
    return redirect_to_login(request.POST.get("next", "/"))


def demo_accounts() -> list[dict[str, str]]:
    """The demo's accounts that exist, with their first roles."""
    found = User.objects.filter(username__in=DEMO_ACCOUNTS).prefetch_related("roles")
    people = {person.username: person for person in found}
    return [
        {"username": name, "role": _(", ").join(str(role) for role in [*people[name].roles.all()][:2])}
        for name in DEMO_ACCOUNTS
        if name in people
    ]


def back(request: HttpRequest) -> HttpResponse:
    """Go back to where the form stood; never to another site."""
    url = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return redirect(url if safe else "/")


class LanguageView(View):
    """Switch the language: for the person when signed in, else for the browser."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store the choice and go back."""
        language = request.POST.get("language", "")
        if request.user.is_authenticated and translation.check_for_language(language):
            User.objects.filter(pk=request.user.pk).update(language=language)
        return set_language(request)


class ThemeView(SignedInView):
    """Switch between light and dark."""

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Store the choice and go back."""
        theme = request.POST.get("theme", "")
        if theme in User.Theme.values:
            User.objects.filter(pk=request.user.pk).update(theme=theme)
        return back(request)


class ProfileView(SignedInView):
    """What a person can set for themselves."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it."""
        return self._draw(ProfileForm(instance=self._person()))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Store it."""
        form = ProfileForm(request.POST, instance=self._person())
        if not form.is_valid():
            return self._draw(form, status=422)
        form.save()
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile")

    def _person(self) -> User:
        return User.objects.select_related("organisation", "department").get(pk=self.request.user.pk)

    def _draw(self, form: ProfileForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "person": form.instance, "shell": shell_of(self.request)}
        return render(self.request, "accounts/profile.html", context, status=status)


def shell_of(request: SignedInRequest) -> str:
    """The base template of the person's audience."""
    return "base.html" if request.user.is_agent else "portal_base.html"


class TokensView(SignedInView):
    """The person's API tokens; a new one is shown once."""

    def dispatch(self, request: SignedInRequest, *args: object, **kwargs: object) -> HttpResponse:  # type: ignore[override]
        """Only for those who may make tokens."""
        if request.user.is_authenticated and not request.user.may(Permission.TOKEN):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them and the form for a new one."""
        return self._draw(TokenForm(initial={"scopes": ApiToken.Scope.values}))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Make one and show its text, this once."""
        form = TokenForm(request.POST)
        if not form.is_valid():
            return self._draw(form, status=422)
        chosen = form.cleaned_data
        _token, text = create_token(
            user=request.user, name=chosen["name"], scopes=chosen["scopes"], lifetime=timedelta(days=chosen["days"])
        )
        return self._draw(TokenForm(initial={"scopes": ApiToken.Scope.values}), text=text)

    def _draw(self, form: TokenForm, status: int = 200, text: str = "") -> HttpResponse:
        context = {
            "form": form,
            "text": text,
            "tokens": ApiToken.objects.filter(user=self.request.user),
            "now": timezone.now(),
            "shell": shell_of(self.request),
        }
        return render(self.request, "accounts/tokens.html", context, status=status)


class RevokeTokenView(SignedInView):
    """Ending one of the own tokens."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """End it now."""
        token = get_object_or_404(ApiToken, pk=pk, user=request.user)
        revoke_token(token, request=request)
        messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
        return redirect("accounts:tokens")
