"""What pages ask by themselves. Not below /live/: that leads to the live process."""

from django.urls import path

from live import views

app_name = "live"
urlpatterns = [
    path("updates/", views.UpdatesView.as_view(), name="updates"),
    path("tickets/<str:number>/news/", views.TicketNewsView.as_view(), name="ticket"),
]
