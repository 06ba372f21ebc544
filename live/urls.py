"""The address that pages ask when no stream can be opened. Not below /live/: that leads to the live process."""

from django.urls import path

from live import views

app_name = "live"
urlpatterns = [path("updates/", views.UpdatesView.as_view(), name="updates")]
