"""Pages of boards and reports."""

from django.urls import path

from reports import views
from reports.flow import views as process_views
from reports.known import views as known_views
from reports.meetings import views as meeting_views
from reports.monthly import views as service_views
from reports.own import views as own_views
from reports.reviews import views as review_views
from reports.schedules import views as schedule_views
from reports.targets import views as target_views
from reports.walls import views as live_views

app_name = "reports"
urlpatterns = [
    path("boards/", views.BoardsView.as_view(), name="boards"),
    path("boards/own/", own_views.OwnBoardsView.as_view(), name="own_boards"),
    path("boards/own/new/", own_views.EditBoardView.as_view(), name="own_new"),
    path("boards/own/<int:pk>/", own_views.OwnBoardView.as_view(), name="own"),
    path("boards/own/<int:pk>/edit/", own_views.EditBoardView.as_view(), name="own_edit"),
    path("boards/targets/", target_views.TargetsView.as_view(), name="targets"),
    path("boards/targets/<slug:code>/", target_views.TargetView.as_view(), name="target"),
    path("scheduled-reports/", schedule_views.SchedulesView.as_view(), name="schedules"),
    path("scheduled-reports/new/", schedule_views.EditScheduleView.as_view(), name="schedule_new"),
    path("scheduled-reports/<int:pk>/", schedule_views.ScheduleView.as_view(), name="schedule"),
    path("scheduled-reports/<int:pk>/edit/", schedule_views.EditScheduleView.as_view(), name="schedule_edit"),
    path("scheduled-reports/sent/<int:pk>/", schedule_views.SentFileView.as_view(), name="sent_file"),
    path("boards/live/", live_views.LiveView.as_view(), name="live"),
    path("boards/live/now/", live_views.LiveNowView.as_view(), name="live_now"),
    path("boards/live/<str:number>/", live_views.LiveActionsView.as_view(), name="live_actions"),
    path("boards/displays/", live_views.DisplaysView.as_view(), name="displays"),
    path("boards/displays/<int:pk>/revoke/", live_views.RevokeDisplayView.as_view(), name="revoke_display"),
    path("service-reports/", service_views.ReportListView.as_view(), name="service_reports"),
    path("service-reports/customers/", service_views.CustomersView.as_view(), name="service_customers"),
    path("service-reports/customers/<slug:code>/", service_views.ContactsView.as_view(), name="service_contacts"),
    path("service-reports/<int:pk>/", service_views.ReportView.as_view(), name="service_report"),
    path("service-reports/<int:pk>/file/<slug:form>/", service_views.ReportFileView.as_view(), name="service_file"),
    path("service-reports/<int:pk>/<slug:step>/", service_views.ReportStepView.as_view(), name="service_step"),
    path("wall/<str:key>/", live_views.WallView.as_view(), name="wall"),
    path("wall/<str:key>/now/", live_views.WallNowView.as_view(), name="wall_now"),
    path("boards/<kind:kind>/", views.BoardView.as_view(), name="board"),
    path("boards/<kind:kind>/known/", known_views.KnownRecordsView.as_view(), name="known"),
    path("boards/<kind:kind>/process/", process_views.ProcessView.as_view(), name="process"),
    path("boards/<kind:kind>/process/map/", process_views.MapView.as_view(), name="process_map"),
    path("boards/<kind:kind>/process/ways/", process_views.WaysView.as_view(), name="process_ways"),
    path("boards/<kind:kind>/process/time/", process_views.TimeView.as_view(), name="process_time"),
    path("boards/<kind:kind>/process/hand-overs/", process_views.HandOversView.as_view(), name="process_hand_overs"),
    path("boards/<kind:kind>/process/log/", process_views.XesView.as_view(), name="xes"),
    path("boards/<kind:kind>/meetings/", meeting_views.MeetingsView.as_view(), name="meetings"),
    path("boards/<kind:kind>/reviews/", review_views.ReviewsView.as_view(), name="reviews"),
    path("boards/<kind:kind>/tiles/", views.TilesView.as_view(), name="tiles"),
    path("boards/<kind:kind>/table/", views.TableView.as_view(), name="table"),
    path("boards/<kind:kind>/load/", views.LoadView.as_view(), name="load"),
    path("boards/<kind:kind>/charts/<slug:code>/", views.ChartView.as_view(), name="chart"),
    path("boards/<kind:kind>/figures/<slug:code>/", views.ExplainView.as_view(), name="explain"),
    path("boards/<kind:kind>/export/<slug:code>/<slug:form>/", views.ChartFileView.as_view(), name="file"),
]
