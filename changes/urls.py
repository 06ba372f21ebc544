"""Pages of changes."""

from django.urls import path

from changes import views
from changes.cab import views as cab
from changes.freezing import views as freezing
from changes.informing.views import PlannedWorkView
from changes.monthly.views import MonthlyReportView
from changes.prepared.views import FindAttributesView
from changes.proof import views as proof
from changes.proof.register_views import RegisterView
from changes.recurring import views as recurring
from changes.running import views as running
from changes.schedule import moving_views
from changes.schedule import views as calendar_views
from changes.unauthorised import views as unauthorised_views

app_name = "changes"
urlpatterns = [
    path("recurring/", recurring.RecurrencesView.as_view(), name="recurrences"),
    path("recurring/<int:pk>/", recurring.RecurrenceView.as_view(), name="recurrence"),
    path("recurring/<int:pk>/edit/", recurring.EditRecurrenceView.as_view(), name="edit_recurrence"),
    path("recurring/<int:pk>/<slug:step>/", recurring.RecurrenceStepView.as_view(), name="recurrence_step"),
    path("runs/worker.js", running.WorkerView.as_view(), name="run_worker"),
    path("runs/<str:number>/", running.RunView.as_view(), name="run"),
    path("calendar/", calendar_views.CalendarView.as_view(), name="calendar"),
    path("calendar/links/", calendar_views.FeedsView.as_view(), name="feeds"),
    path("calendar/links/<int:pk>/revoke/", calendar_views.RevokeFeedView.as_view(), name="revoke_feed"),
    path("calendar/<str:key>.ics", calendar_views.FeedView.as_view(), name="feed"),
    path("planned/", PlannedWorkView.as_view(), name="planned_work"),
    path("freezes/", freezing.FreezesView.as_view(), name="freezes"),
    path("freezes/new/", freezing.EditFreezeView.as_view(), name="add_freeze"),
    path("freezes/<slug:code>/edit/", freezing.EditFreezeView.as_view(), name="edit_freeze"),
    path("<str:number>/move/", moving_views.MoveView.as_view(), name="move"),
    path("report/", MonthlyReportView.as_view(), name="report"),
    path("proof/", proof.CheckView.as_view(), name="check_proof"),
    path("<str:number>/record/", proof.RecordView.as_view(), name="record"),
    path("<str:number>/items/", proof.ItemsOrderView.as_view(), name="items_order"),
    path("<str:number>/proof/", proof.PackView.as_view(), name="proof"),
    path("cab/", cab.MeetingsView.as_view(), name="cab"),
    path("cab/<int:pk>/", cab.MeetingView.as_view(), name="meeting"),
    path("cab/<int:pk>/votes/<int:round_pk>/", cab.VoteView.as_view(), name="vote"),
    path("cab/<int:pk>/<slug:step>/", cab.MeetingStepView.as_view(), name="meeting_step"),
    path("<str:number>/collisions/", calendar_views.CollisionsView.as_view(), name="collisions"),
    path("<str:number>/attributes/", FindAttributesView.as_view(), name="find_attributes"),
    path("<str:number>/windows/", calendar_views.SlotsView.as_view(), name="slots"),
    path("configuration-register/", RegisterView.as_view(), name="register"),
    path("unauthorised/", unauthorised_views.UnauthorisedView.as_view(), name="unauthorised"),
    path("unauthorised/<str:key>/", unauthorised_views.JudgeView.as_view(), name="judge"),
    path("catalogue/", views.CatalogueView.as_view(), name="catalogue"),
    path("catalogue/add/", views.EditTemplateView.as_view(), name="add_template"),
    path("catalogue/<slug:code>/edit/", views.EditTemplateView.as_view(), name="edit_template"),
    path("catalogue/<slug:code>/", views.OrderView.as_view(), name="order"),
]
