"""Pages of tickets. One route per door serves every kind and every action."""

from django.urls import include, path, register_converter

from tickets import views
from tickets.queues import urls as queue_urls
from tickets.views.converters import KindConverter

register_converter(KindConverter, "kind")

app_name = "tickets"
urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("queue/", views.QueueView.as_view(), name="queue"),
    path("", include(queue_urls.urlpatterns)),
    path("my/", views.MyView.as_view(), name="my"),
    path("portal/", views.PortalView.as_view(), name="portal"),
    path("portal/find/", views.PortalFindView.as_view(), name="portal_find"),
    path("portal/thanks/<str:number>/", views.ThanksView.as_view(), name="thanks"),
    path("tickets/<str:number>/", views.DetailView.as_view(), name="detail"),
    path("tickets/<str:number>/around/", views.AroundView.as_view(), name="around"),
    path("tickets/<str:number>/comment/", views.CommentView.as_view(), name="comment"),
    path("tickets/<str:number>/actions/<slug:name>/", views.ActionView.as_view(), name="action"),
    path("attachments/<int:pk>/", views.AttachmentView.as_view(), name="attachment"),
    path("attachments/kinds/", views.FileKindsView.as_view(), name="file_kinds"),
    path("attachments/<int:pk>/preview/", views.PreviewView.as_view(), name="preview"),
    path("search/", views.SearchView.as_view(), name="search"),
    path("search/palette/", views.PaletteView.as_view(), name="palette"),
    path("find/people/", views.FindPeopleView.as_view(), name="find_people"),
    path("find/items/", views.FindItemsView.as_view(), name="find_items"),
    path("find/caller/", views.CallerView.as_view(), name="caller"),
    path("find/caller/new/", views.NewCallerView.as_view(), name="new_caller"),
    path("find/colleagues/", views.FindColleaguesView.as_view(), name="find_colleagues"),
    path("find/members/", views.FindMembersView.as_view(), name="find_members"),
    path("find/hints/", views.HintsView.as_view(), name="hints"),
    path("<kind:kind>/", views.QueueView.as_view(), name="list"),
    path("<kind:kind>/new/", views.RegisterView.as_view(), name="register"),
]
