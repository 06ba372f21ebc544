"""Pages of canned replies and templates."""

from django.urls import path

from replies import views

app_name = "replies"
urlpatterns = [
    path("replies/", views.ListView.as_view(), name="list"),
    path("replies/find/", views.FindRepliesView.as_view(), name="find"),
    path("replies/preview/", views.PreviewView.as_view(), name="preview"),
    path("replies/<int:pk>/use/", views.UseReplyView.as_view(), name="use"),
    path("replies/pick/<slug:kind>/", views.PickTemplateView.as_view(), name="pick"),
    path("replies/<slug:part>/new/", views.NewView.as_view(), name="new"),
    path("replies/<slug:part>/<int:pk>/", views.EditView.as_view(), name="edit"),
    path("replies/<slug:part>/<int:pk>/remove/", views.RemoveView.as_view(), name="remove"),
]
