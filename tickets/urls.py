"""Pages of tickets. One route per door serves every kind and every action."""

from django.urls import path, register_converter

from tickets import views
from tickets.converters import KindConverter

register_converter(KindConverter, "kind")

app_name = "tickets"
urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("queue/", views.QueueView.as_view(), name="queue"),
    path("portal/", views.PortalView.as_view(), name="portal"),
    path("tickets/<str:number>/", views.DetailView.as_view(), name="detail"),
    path("tickets/<str:number>/comment/", views.CommentView.as_view(), name="comment"),
    path("tickets/<str:number>/actions/<slug:name>/", views.ActionView.as_view(), name="action"),
    path("attachments/<int:pk>/", views.AttachmentView.as_view(), name="attachment"),
    path("attachments/<int:pk>/preview/", views.PreviewView.as_view(), name="preview"),
    path("find/people/", views.FindPeopleView.as_view(), name="find_people"),
    path("find/items/", views.FindItemsView.as_view(), name="find_items"),
    path("find/caller/", views.CallerView.as_view(), name="caller"),
    path("<kind:kind>/", views.QueueView.as_view(), name="list"),
    path("<kind:kind>/new/", views.RegisterView.as_view(), name="register"),
]
