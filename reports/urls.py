"""Pages of boards and reports."""

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("boards/", views.BoardsView.as_view(), name="boards"),
    path("boards/<kind:kind>/", views.BoardView.as_view(), name="board"),
    path("boards/<kind:kind>/tiles/", views.TilesView.as_view(), name="tiles"),
    path("boards/<kind:kind>/table/", views.TableView.as_view(), name="table"),
    path("boards/<kind:kind>/load/", views.LoadView.as_view(), name="load"),
    path("boards/<kind:kind>/charts/<slug:code>/", views.ChartView.as_view(), name="chart"),
    path("boards/<kind:kind>/figures/<slug:code>/", views.ExplainView.as_view(), name="explain"),
    path("boards/<kind:kind>/export/<slug:code>/<slug:form>/", views.ChartFileView.as_view(), name="file"),
]
