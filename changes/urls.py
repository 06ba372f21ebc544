"""Pages of changes."""

from django.urls import path

from changes import calendar_views, moving_views, unauthorised_views, views

app_name = "changes"
urlpatterns = [
    path("calendar/", calendar_views.CalendarView.as_view(), name="calendar"),
    path("calendar/links/", calendar_views.FeedsView.as_view(), name="feeds"),
    path("calendar/links/<int:pk>/revoke/", calendar_views.RevokeFeedView.as_view(), name="revoke_feed"),
    path("calendar/<str:key>.ics", calendar_views.FeedView.as_view(), name="feed"),
    path("<str:number>/move/", moving_views.MoveView.as_view(), name="move"),
    path("<str:number>/windows/", calendar_views.SlotsView.as_view(), name="slots"),
    path("unauthorised/", unauthorised_views.UnauthorisedView.as_view(), name="unauthorised"),
    path("unauthorised/<str:key>/", unauthorised_views.JudgeView.as_view(), name="judge"),
    path("catalogue/", views.CatalogueView.as_view(), name="catalogue"),
    path("catalogue/<slug:code>/", views.OrderView.as_view(), name="order"),
]
