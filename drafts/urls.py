"""What a person typed and did not send."""

from django.urls import path

from drafts import views

app_name = "drafts"
urlpatterns = [
    path("drafts/", views.DraftsView.as_view(), name="list"),
    path("drafts/count/", views.CountView.as_view(), name="count"),
    path("drafts/save/", views.SaveView.as_view(), name="save"),
    path("drafts/discard/", views.DiscardView.as_view(), name="discard"),
    path("drafts/move/", views.MoveView.as_view(), name="move"),
]
