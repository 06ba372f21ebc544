"""Pages of approvals."""

from django.urls import path

from approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.ListView.as_view(), name="list"),
    path("decided/", views.DecidedView.as_view(), name="decided"),
    path("delegate/", views.DelegateView.as_view(), name="delegate"),
    path("delegate/<int:pk>/end/", views.EndDelegationView.as_view(), name="end_delegation"),
    path("<int:pk>/", views.RoundView.as_view(), name="detail"),
]
