"""Pages of exports."""

from django.urls import path

from exporting import views

app_name = "exporting"
urlpatterns = [
    path("exports/", views.ExportsView.as_view(), name="list"),
    path("exports/new/", views.AskView.as_view(), name="ask"),
    path("exports/<int:pk>/", views.ExportView.as_view(), name="detail"),
    path("exports/<int:pk>/cancel/", views.CancelView.as_view(), name="cancel"),
    path("exports/<int:pk>/file/", views.FileView.as_view(), name="file"),
]
