"""The portal's addresses and the floor: the shell of a signed-in page with nothing in it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from itsm.urls import urlpatterns as portal_urls


@login_required
def floor(request: HttpRequest) -> HttpResponse:
    """Render the empty shell: what every page costs at least."""
    return render(request, "base.html")


urlpatterns = [path("bench/floor/", floor), *portal_urls]
