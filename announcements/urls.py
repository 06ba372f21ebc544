"""Pages of announcements."""

from django.urls import path

from announcements import views

app_name = "announcements"
urlpatterns = [
    path("", views.ListView.as_view(), name="list"),
    path("new/", views.NewView.as_view(), name="new"),
    path("preview/", views.PreviewView.as_view(), name="preview"),
    path("<int:pk>/", views.EditView.as_view(), name="edit"),
    path("<int:pk>/dismiss/", views.DismissView.as_view(), name="dismiss"),
    path("<int:pk>/<str:step>/", views.StepView.as_view(), name="step"),
]
