"""Pages of incidents beside those that every ticket has."""

from django.urls import path

from incidents import views

app_name = "incidents"
urlpatterns = [
    path("incidents/<str:number>/acceptance/", views.AcceptanceView.as_view(), name="acceptance"),
]
