"""What a person wants to be told, and how."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.preferences import store_preferences
from notifications.choices import ROOM
from notifications.forms import ChoicesForm
from notifications.views.bell import shell_of


class ChoicesView(SignedInView):
    """Channels for each event, and quiet hours."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        return self._draw(ChoicesForm(user=request.user))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Keep them."""
        form = ChoicesForm(request.POST, user=request.user)
        if not form.is_valid():
            return self._draw(form, status=422)
        store_preferences(request.user, ROOM, **form.as_preferences())
        messages.success(request, _("Your choices are saved."))
        return redirect("notifications:choices")

    def _draw(self, form: ChoicesForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "lines": form.lines(), "shell": shell_of(self.request.user)}
        return render(self.request, "notifications/choices.html", context, status=status)
